"""The CloudFormation template: what `chalice package` writes, finished.

The stage is a parameter, so one package is deployed to each stage in turn and is the same bytes in all of them.
"""

from __future__ import annotations

from typing import Any

from chalicelib.ports.settings import LONGEST_POLL_S
from infra import (
    alarms,
    backup,
    budget,
    dashboard,
    declared,
    domain,
    edges,
    gateway,
    loops,
    mails,
    policies,
    queues,
    sample,
    searches,
    shared,
    sign_in,
    sockets,
    sources,
    tables,
)
from infra.limits import LIMITS
from infra.parameters import CONDITIONS, PARAMETERS, when

Template = dict[str, Any]

_LOGGING = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
"""Of Lambda's own lines only those that tell of trouble: START, END and REPORT of each run cost more than what the run
says, and their figures are metrics anyway. Levels can be chosen for the format JSON alone; what our code writes to
stdout goes through as it is, as its lines name their level and an RFC 3339 time
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html)."""


def finish(packaged: Template) -> Template:
    """Finish the template that `chalice package` wrote (changed in place and returned)."""
    if "RestAPI" in packaged["Resources"]:
        edges.split(packaged)
        gateway.replace(packaged["Resources"])
    for name in edges.names():
        _function(name, packaged["Resources"])
    _sources(packaged["Resources"])
    packaged["Resources"] |= shared.resources() | tables.resources() | queues.resources()
    packaged["Resources"] |= alarms.resources() | sample.resources() | mails.resources()
    packaged["Resources"] |= dashboard.resources() | searches.resources() | backup.resources() | budget.resources()
    packaged["Resources"] |= domain.resources() | sockets.resources(edges.logical(sockets.STEP))
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            resource["Properties"]["PermissionsBoundary"] = when("Bounded", {"Ref": "PermissionsBoundaryArn"})
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
        "PARLEY_LONGEST_POLL_S": {"Fn::If": ["Reserve", str(LONGEST_POLL_S), "0"]},
        "POWERTOOLS_LOG_LEVEL": "INFO",
    } | sockets.environment()


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
        "Environment": {"Variables": environment() | (sign_in.environment() if name == edges.API else {})},
        "LoggingConfig": {"LogGroup": {"Ref": shared.log_group(name)}, **_LOGGING},
        "Tracing": {"Ref": "Tracing"},
    }
    properties.pop("Tags", None)
    if limit.reserved:
        properties["ReservedConcurrentExecutions"] = when("Reserve", limit.reserved)
    if name in loops.BOUNDED:
        properties["RecursiveLoop"] = "Allow"
    role = resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    role["Policies"] = [
        {"PolicyName": "own", "PolicyDocument": policies.policy(name)},
        when("Traced", {"PolicyName": "traces", "PolicyDocument": policies.traces()}),
        when("OwnTableKey", {"PolicyName": "table-key", "PolicyDocument": policies.table_key()}),
    ]


def _sources(resources: dict[str, Any]) -> None:
    for one in declared.lambdas():
        properties = resources[one.logical]["Properties"]
        if one.kind in ("queue", "stream"):
            properties["Events"] = sources.events(one)
        elif one.kind == "schedule":
            # The next run comes in a minute and does what this one did not, so a failed run is not repeated.
            properties["EventInvokeConfig"] = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def _outputs() -> dict[str, Any]:
    return {
        "HttpApiId": {"Value": {"Ref": "HttpApi"}},
        "BaseUrl": {"Value": domain.base_url()},
        "DomainTarget": {
            "Condition": "HasDomain",
            "Description": "Where the record of DomainName must point",
            "Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
        },
        "ConfigTable": {"Value": {"Ref": tables.logical("config")}},
        "MediaBucketName": {"Value": {"Ref": "MediaBucket"}},
        "AlarmTopicArn": {"Value": {"Ref": "AlarmTopic"}},
    }
