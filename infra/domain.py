"""A name of the owner's own before the API, where the parameter `DomainName` says one.

Addresses that providers, bots and desks were given hold it, so they stay when the API behind it is another
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html).
"""

from __future__ import annotations

from typing import Any

from infra.gateway import STAGE


def resources() -> dict[str, Any]:
    """The domain, that it leads to the API, and its DNS record where a hosted zone is said."""
    target = {
        "DNSName": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
        "HostedZoneId": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]},
    }
    certificate = {
        "CertificateArn": {"Ref": "CertificateArn"},
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    return {
        "Domain": {
            "Type": "AWS::ApiGatewayV2::DomainName",
            "Condition": "HasDomain",
            # It takes the parameter's default, which is no certificate, for one that is used.
            "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W1030"]}}},
            "Properties": {"DomainName": {"Ref": "DomainName"}, "DomainNameConfigurations": [certificate]},
        },
        "DomainPath": {
            "Type": "AWS::ApiGatewayV2::ApiMapping",
            "Condition": "HasDomain",
            "DependsOn": ["HttpStage"],
            "Properties": {"DomainName": {"Ref": "Domain"}, "ApiId": {"Ref": "HttpApi"}, "Stage": STAGE},
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
    own = "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    return {"Fn::If": ["HasDomain", {"Fn::Sub": "https://${DomainName}"}, {"Fn::Sub": own}]}
