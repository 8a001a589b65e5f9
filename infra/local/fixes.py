"""What a deployment to the emulator needs beyond CloudFormation, because MiniStack 1.5.33 leaves it out."""

from __future__ import annotations

from typing import Any

from infra import declared, edges, queues, tables
from infra.deploying.refused import Client
from infra.limits import LIMITS

WORKERS = 24
"""Ceiling of workers per edge: the emulator starts a process of 48 MB for each call that runs, without end."""

LEFT_OUT = (
    # They refuse whatever does not come by TLS.
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    # The emulator knows no such resources, and takes no template with them. On sockets it answers without.
    "AWS::ApiGatewayV2::RouteResponse",
    "AWS::Backup::BackupSelection",
    "AWS::Budgets::Budget",
    "AWS::Logs::QueryDefinition",
)
"""Kinds of resources that are not made on this machine."""
_ASKED = "MailsQueuePolicy"
"""The one that the emulator asks too: whether its S3 may tell the queue of mails."""


def adapted(template: dict[str, Any], env: dict[str, Any], visibility_s: int | None) -> dict[str, Any]:
    """The packaged template for this machine: webhook targets may be private, and S3 is plain http here.

    What was in hand when the emulator was stopped comes back after the queue's visibility timeout, as on AWS after a
    crash; `visibility_s` shortens it, for whoever tries just that.
    """
    for name in [name for name, row in template["Resources"].items() if row["Type"] in LEFT_OUT]:
        if name != _ASKED:
            del template["Resources"][name]
    policy = template["Resources"][_ASKED]["Properties"]["PolicyDocument"]
    policy["Statement"] = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    del template["Outputs"]["DomainTarget"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            variables = resource["Properties"]["Environment"]["Variables"]
            variables |= {"PARLEY_ALLOW_PRIVATE_TARGETS": "1"} | env
        elif resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", ()):
                for statement in policy.get("PolicyDocument", {}).get("Statement", ()):
                    if statement.get("Sid") == "Mails":
                        # The emulator does not say whose address a mail is sent from when it asks.
                        statement["Resource"] = ["*"]
                    if "sqs:SendMessage" in statement["Action"]:
                        # AWS authorises SendMessageBatch as sqs:SendMessage; the emulator asks for it by its own name.
                        statement["Action"] = [*statement["Action"], "sqs:SendMessageBatch"]
    for edge in _waited_for():
        # Here the start of a worker counts, and on a busy machine many that start at once take longer than an edge has.
        template["Resources"][edges.logical(edge)]["Properties"]["Timeout"] = LIMITS[edges.API].timeout_s
    for queue in (*declared.queues(), *declared.dead_queues()) if visibility_s else ():
        template["Resources"][queues.logical(queue)]["Properties"]["VisibilityTimeout"] = visibility_s
    return template


def after_deploying(client: Client, stage: str) -> None:
    """Set what its CloudFormation drops: TTL, reserved concurrency."""
    _ttl(client("dynamodb"), stage)
    _ceilings(client("lambda"), stage)


def _waited_for() -> tuple[str, ...]:
    """The Lambdas for whose answer somebody waits."""
    return (*edges.present(), *(one.name for one in declared.lambdas() if one.kind == "socket"))


def _ttl(dynamodb: Any, stage: str) -> None:
    for table in declared.models():
        attribute = tables.ttl_attribute(table)
        name = f"parley-{stage}-{table}"
        if attribute and dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get(
            "TimeToLiveStatus"
        ) not in ("ENABLED", "ENABLING"):
            dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": True}
            )


def _ceilings(functions: Any, stage: str) -> None:
    for edge in _waited_for():
        ceiling = min(LIMITS[edge].reserved or WORKERS, WORKERS)
        functions.put_function_concurrency(FunctionName=f"parley-{stage}-{edge}", ReservedConcurrentExecutions=ceiling)
