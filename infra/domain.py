"""A name of the owner's own before the API, where the parameter `DomainName` says one.

Addresses that providers, bots and desks were given hold it, so they stay when the API behind it is another
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html).
"""

from __future__ import annotations

from typing import Any

from infra.gateway import STAGE


def resources() -> dict[str, Any]:
    """The domain, which path of it leads to the API, and its DNS record where a hosted zone is said."""
    target = {
        "DNSName": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
        "HostedZoneId": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]},
    }
    return {
        "Domain": {
            "Type": "AWS::ApiGateway::DomainName",
            "Condition": "HasDomain",
            "Properties": {
                "DomainName": {"Ref": "DomainName"},
                "RegionalCertificateArn": {"Ref": "CertificateArn"},
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
                "SecurityPolicy": "TLS_1_2",
            },
        },
        "DomainPath": {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Condition": "HasDomain",
            # The stage that SAM makes of the API.
            "DependsOn": [f"RestAPI{STAGE}Stage"],
            "Properties": {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "RestAPI"}, "Stage": STAGE},
        },
        "DomainRecord": {
            "Type": "AWS::Route53::RecordSet",
            "Condition": "HasZone",
            "Properties": {
                "HostedZoneId": {"Ref": "HostedZoneId"},
                "Name": {"Ref": "DomainName"},
                "Type": "A",
                "AliasTarget": target,
            },
        },
    }


def base_url() -> dict[str, Any]:
    """What every address of the deployment begins with."""
    own = f"https://${{RestAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"
    return {"Fn::If": ["HasDomain", {"Fn::Sub": "https://${DomainName}"}, {"Fn::Sub": own}]}
