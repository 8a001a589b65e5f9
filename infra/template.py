"""The CloudFormation template: what `chalice package` writes, finished.

The stage is a parameter, so one package is deployed to each stage in turn and is the same bytes in all of them.
"""

from __future__ import annotations

import json
from typing import Any

from infra import alarms, declared, edges, policies, queues, sample, shared, sources, tables
from infra.limits import LIMITS

Template = dict[str, Any]

PARAMETERS: dict[str, Any] = {
    "Stage": {
        "Type": "String",
        "Description": "Part of every resource's name, so that stages share an account",
        "AllowedPattern": "[a-z][a-z0-9]{0,15}",
    },
    "AlarmEmail": {"Type": "String", "Default": "", "Description": "Whom alarms tell; nobody where empty"},
    "Alarms": {
        "Type": "String",
        "Default": "on",
        "AllowedValues": ["on", "off"],
        "Description": "CloudWatch charges for each alarm, also while nobody writes",
    },
    "ReserveConcurrency": {
        "Type": "String",
        "Default": "on",
        "AllowedValues": ["on", "off"],
        "Description": "Off in a new account whose limit is too small to reserve any of it",
    },
    "SampleConsumer": {
        "Type": "String",
        "Default": "no",
        "AllowedValues": ["yes", "no"],
        "Description": "A rule of the event bus and a queue behind it, to look at what comes",
    },
    "Protect": {
        "Type": "String",
        "Default": "on",
        "AllowedValues": ["on", "off"],
        "Description": "Tables refuse to be deleted",
    },
}

CONDITIONS: dict[str, Any] = {
    "HasAlarmEmail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]},
    "WithAlarms": {"Fn::Equals": [{"Ref": "Alarms"}, "on"]},
    "Reserve": {"Fn::Equals": [{"Ref": "ReserveConcurrency"}, "on"]},
    "WithSample": {"Fn::Equals": [{"Ref": "SampleConsumer"}, "yes"]},
    "Keep": {"Fn::Equals": [{"Ref": "Protect"}, "on"]},
}


def finish(packaged: Template) -> Template:
    """Finish the template that `chalice package` wrote (changed in place and returned)."""
    if "RestAPI" in packaged["Resources"]:
        edges.split(packaged)
        _api(packaged["Resources"]["RestAPI"]["Properties"])
    for name in edges.names():
        _function(name, packaged["Resources"])
    _sources(packaged["Resources"])
    packaged["Resources"] |= shared.resources() | tables.resources() | queues.resources()
    packaged["Resources"] |= alarms.resources() | sample.resources()
    packaged["Description"] = "Parley: a switchboard between channels, bots and people"
    packaged["Parameters"] = PARAMETERS
    packaged["Conditions"] = CONDITIONS
    packaged["Outputs"] = _outputs()
    return packaged


def environment() -> dict[str, Any]:
    """What every function is told (`chalicelib/ports/settings.py`)."""
    return {
        "PARLEY_STAGE": {"Ref": "Stage"},
        "PARLEY_KMS_KEY": {"Fn::GetAtt": ["SecretsKey", "Arn"]},
        "PARLEY_MEDIA_BUCKET": {"Ref": "MediaBucket"},
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def gateway_responses() -> dict[str, dict[str, Any]]:
    """What API Gateway itself answers, as problems."""
    return {
        # Of a path that no route knows it would say 403, and something about a token.
        "MISSING_AUTHENTICATION_TOKEN": _problem(404, "not_found", "there is nothing at this path"),
        "REQUEST_TOO_LARGE": _problem(413, "too_large", "at most 10 MB are taken"),
        "THROTTLED": _problem(429, "throttled", "too many calls at once; try again"),
    }


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    """A gateway's own answer in the form of ours (RFC 9457)."""
    body = {
        "type": f"about:blank#{code}",
        "title": detail,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
    }
    return {
        "statusCode": str(status),
        "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        "responseTemplates": {"application/json": json.dumps(body)},
    }


def _api(properties: dict[str, Any]) -> None:
    properties["Name"] = {"Fn::Sub": "parley-${Stage}"}
    # SAM would make a second stage called "Stage" (aws/serverless-application-model#191) without this.
    properties["OpenApiVersion"] = "2.0"
    body = properties["DefinitionBody"]
    body["x-amazon-apigateway-gateway-responses"] = gateway_responses()
    body["info"]["title"] = {"Fn::Sub": "parley-${Stage}"}


def _function(name: str, resources: dict[str, Any]) -> None:
    limit = LIMITS[name]
    logical = edges.logical(name)
    function = resources[logical]
    # Named by us, so that alarms and log groups say which Lambda it is.
    properties = function["Properties"]
    properties |= {
        "FunctionName": {"Fn::Sub": f"parley-${{Stage}}-{name}"},
        "Description": limit.why,
        "Timeout": limit.timeout_s,
        "MemorySize": limit.memory_mb,
        "Environment": {"Variables": environment()},
        "LoggingConfig": {"LogGroup": {"Ref": shared.log_group(name)}},
    }
    properties.pop("Tags", None)
    if limit.reserved:
        properties["ReservedConcurrentExecutions"] = {"Fn::If": ["Reserve", limit.reserved, {"Ref": "AWS::NoValue"}]}
    role = resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    role["Policies"] = [{"PolicyName": "own", "PolicyDocument": policies.policy(name)}]


def _sources(resources: dict[str, Any]) -> None:
    for one in declared.lambdas():
        properties = resources[one.logical]["Properties"]
        if one.kind != "schedule":
            properties["Events"] = sources.events(one)
        else:
            # The next run comes in a minute and does what this one did not, so a failed run is not repeated.
            properties["EventInvokeConfig"] = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def _outputs() -> dict[str, Any]:
    return {
        "RestApiId": {"Value": {"Ref": "RestAPI"}},
        "BaseUrl": {"Value": {"Fn::Sub": "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"}},
        "ConfigTable": {"Value": {"Ref": tables.logical("config")}},
        "MediaBucketName": {"Value": {"Ref": "MediaBucket"}},
        "AlarmTopicArn": {"Value": {"Ref": "AlarmTopic"}},
    }
