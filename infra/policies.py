"""One least-privilege policy per Lambda, written to `.chalice/policies/` and committed, so that a change is seen.

`python -m infra.policies` writes them and `.chalice/config.json`; a test fails where they are out of date.
Names carry `${Stage}`: the files become part of the template, where CloudFormation fills it in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra import declared, edges, grants, sign_in, sockets
from infra.limits import LIMITS
from infra.reads import ROOT, modules_of

CHALICE = ROOT / ".chalice"
READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
WRITE = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
"""A TransactWriteItems needs these of its parts, and no permission of its own. BatchWriteItem is not granted: it
takes no conditions. Scan is granted to nobody."""
_LISTING = "s3:ListBucket"

Statement = dict[str, Any]


def policy(name: str) -> dict[str, Any]:
    """The policy of one Lambda."""
    statements = [
        _logs(name),
        *_source(name),
        *_tables(name),
        *_queues(name),
        *_secrets(name),
        *_issuers_secret(name),
        *_bus(name),
        *_media(name),
        *_mails(name),
        *_sockets(name),
    ]
    return _document(*statements)


def _allow(sid: str, actions: tuple[str, ...] | list[str], *resources: Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def arn(service: str, rest: str) -> dict[str, str]:
    """An ARN of this account and region."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"}


def queue_arn(queue: str) -> dict[str, str]:
    """ARN of a queue, by its name."""
    return arn("sqs", f"parley-${{Stage}}-{queue}")


def _table_arn(table: str, rest: str = "") -> dict[str, str]:
    return arn("dynamodb", f"table/parley-${{Stage}}-{table}{rest}")


def _logs(name: str) -> Statement:
    return _allow(
        "OwnLog",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        arn("logs", f"log-group:/aws/lambda/parley-${{Stage}}-{name}:*"),
    )


def _source(name: str) -> list[Statement]:
    """What Lambda's poller needs of the function's role."""
    found = [one for one in declared.lambdas() if one.name == name]
    if not found or found[0].kind in ("schedule", "socket"):
        return []
    one = found[0]
    if one.kind == "stream":
        return [
            *_stream("OwnStream", *one.sources),
            _allow("OwnFailures", ("sqs:SendMessage",), queue_arn(declared.stream_dead(name))),
        ]
    read = declared.dead_queues() if one.source == declared.PLACEHOLDER else one.sources
    statements = [
        _allow(
            "OwnQueue",
            ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            *(queue_arn(queue) for queue in read),
        )
    ]
    if one.source == declared.PLACEHOLDER:
        # A stream's failure message holds no records, only where they are.
        for streamer in declared.streamers():
            statements += _stream(f"{streamer.logical}Stream", *streamer.sources)
    return statements


def _stream(sid: str, *tables: str) -> list[Statement]:
    actions = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
    return [_allow(sid, actions, *(_table_arn(table, "/stream/*") for table in tables))]


def tables_of(name: str) -> tuple[str, ...]:
    """Tables whose module a Lambda imports."""
    modules = modules_of(name)
    return tuple(table for table in declared.models() if f"chalicelib.tables.{table}" in modules)


def may_write(name: str, table: str) -> bool:
    """Whether a Lambda that uses a table may also change it."""
    return name in grants.WRITERS.get(table, (name,))


def _tables(name: str) -> list[Statement]:
    statements = []
    used = tables_of(name)
    if used:
        indexed = [table for table in used if declared.models()[table]._get_schema()["global_secondary_indexes"]]
        resources = [_table_arn(table) for table in used] + [_table_arn(table, "/index/*") for table in indexed]
        statements.append(_allow("ReadTables", READ, *resources))
    if written := [table for table in used if may_write(name, table)]:
        statements.append(_allow("WriteTables", WRITE, *(_table_arn(table) for table in written)))
    if emptied := grants.REMOVERS.get(name):
        statements.append(_allow("RemoveRows", ("dynamodb:DeleteItem",), *(_table_arn(table) for table in emptied)))
    return statements


def _queues(name: str) -> list[Statement]:
    targets = grants.SENDS_TO[name]
    if not targets:
        return []
    return [_allow("PutWork", ("sqs:GetQueueUrl", "sqs:SendMessage"), *(queue_arn(queue) for queue in targets))]


def _secrets(name: str) -> list[Statement]:
    if "chalicelib.ports.secrets" not in modules_of(name):
        return []
    # Only the API takes in secrets; the others open what a resource needs.
    actions = ("kms:Decrypt", "kms:Encrypt") if name == edges.API else ("kms:Decrypt",)
    return [_allow("Secrets", actions, {"Fn::GetAtt": ["SecretsKey", "Arn"]})]


def _issuers_secret(name: str) -> list[Statement]:
    if "chalicelib.ports.parameters" not in modules_of(name):
        return []
    # It is sealed by the account's own key of the Parameter Store, which opens it for whoever may read it
    # (https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html).
    return [_allow("IssuersSecret", ("ssm:GetParameter",), arn("ssm", f"parameter{sign_in.PARAMETER}"))]


def _bus(name: str) -> list[Statement]:
    if name not in grants.PUBLISHES:
        return []
    return [
        _allow("Bus", ("events:PutEvents",), arn("events", "event-bus/parley-${Stage}")),
        # Listing rules knows no narrower resource
        # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html).
        _allow("WhoListens", ("events:ListRules",), "*"),
    ]


def _media(name: str) -> list[Statement]:
    if name not in grants.MEDIA:
        return []
    actions = [action for action in grants.MEDIA[name] if action != _LISTING]
    listing = [_allow("MediaList", (_LISTING,), {"Fn::GetAtt": ["MediaBucket", "Arn"]})]
    return [
        _allow("Media", actions, {"Fn::Sub": "${MediaBucket.Arn}/*"}),
        *(listing if _LISTING in grants.MEDIA[name] else ()),
    ]


def _mails(name: str) -> list[Statement]:
    if name not in grants.MAILS:
        return []
    # Of any region, as few take mails in and a channel may name another than ours.
    found = ("identity/*", "configuration-set/*")
    resources = [{"Fn::Sub": f"arn:${{AWS::Partition}}:ses:*:${{AWS::AccountId}}:{one}"} for one in found]
    return [_allow("Mails", grants.MAILS[name], *resources)]


def _sockets(name: str) -> list[Statement]:
    if "chalicelib.ports.sockets" not in modules_of(name):
        return []
    # POST tells an open socket something, DELETE closes it.
    actions = [f"${{{sockets.API}}}/{sockets.STAGE}/{verb}/@connections/*" for verb in ("POST", "DELETE")]
    return [_allow("Sockets", ("execute-api:ManageConnections",), *(arn("execute-api", one) for one in actions))]


def traces() -> dict[str, Any]:
    """What X-Ray takes, where a deployment is traced; it knows no narrower resource."""
    return _document(_allow("Traces", ("xray:PutTelemetryRecords", "xray:PutTraceSegments"), "*"))


def table_key() -> dict[str, Any]:
    """What reading and writing tables and streams needs of the owner's key, where there is one, and only through
    DynamoDB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html)."""
    actions = (
        "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
    )  # fmt: skip
    statement = _allow("TableKey", actions, {"Ref": "TableKeyArn"})
    through = {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}"}}
    return _document(statement | {"Condition": {"StringEquals": through}})


def _document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def chalice_config(architecture: str = "arm64") -> dict[str, Any]:
    """`.chalice/config.json`: what Chalice itself can be told of the limits and the policies."""
    functions = {
        one.name: {
            "iam_policy_file": f"policies/{one.name}.json",
            "lambda_timeout": LIMITS[one.name].timeout_s,
            "lambda_memory_size": LIMITS[one.name].memory_mb,
        }
        for one in declared.lambdas()
    }
    api = LIMITS[edges.API]
    return {
        "version": "2.0",
        "app_name": "parley",
        "api_gateway_endpoint_type": "REGIONAL",
        "api_gateway_stage": "api",
        "autogen_policy": False,
        "lambda_architecture": architecture,
        "stages": {
            "package": {
                "iam_policy_file": "policies/api.json",
                "lambda_timeout": api.timeout_s,
                "lambda_memory_size": api.memory_mb,
                "lambda_functions": functions,
            }
        },
    }


def files(architecture: str = "arm64") -> dict[Path, str]:
    """Every generated file and what it holds."""
    texts: dict[Path, Any] = {CHALICE / "config.json": chalice_config(architecture)}
    # Chalice wants a policy for the API's function even before there is a route.
    for name in (*dict.fromkeys((*edges.names(), edges.API)),):
        texts[CHALICE / "policies" / f"{name}.json"] = policy(name)
    return {path: json.dumps(text, indent=2) + "\n" for path, text in texts.items()}


def write() -> None:
    """Write the generated files and remove those of Lambdas that are no more."""
    wanted = files()
    (CHALICE / "policies").mkdir(parents=True, exist_ok=True)
    for stale in set((CHALICE / "policies").glob("*.json")) - set(wanted):
        stale.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
