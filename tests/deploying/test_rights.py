"""The policies of examples/deploy allow what AWS says that our kinds of resources need, and little else."""

from __future__ import annotations

import fnmatch
import json
from importlib import resources
from typing import Any

import pytest

from infra.package import build, here
from tests.deploying.rights import FOLDER, actions, allows

MADE_BY_SAM = {
    "AWS::Events::Rule",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
}
# What a kind of resource can do beyond what ours say of themselves: an action that only those features need.
UNUSED = {
    "an API described by a file in S3": ("s3:getObject",),
    "functions in a network of one's own, or with its file systems": (
        "ec2:*",
        "elasticfilesystem:*",
        "s3files:*",
        "lambda:PassCapacityProvider",
    ),
    "streams to Kinesis or Firehose": ("kinesis:*", "firehose:*", "dynamodb:*KinesisStreamingDestination"),
    "global tables and import of rows from S3": (
        "dynamodb:*Replica",
        "dynamodb:ImportTable",
        "dynamodb:BatchWriteItem",
        "dynamodb:*Item",
        "dynamodb:Query",
        "dynamodb:Scan",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    "tables of metadata of files": ("s3tables:*", "s3:*MetadataTableConfiguration", "s3:UpdateBucketMetadata*"),
    "files themselves, which no bucket is made with": (
        "s3:DeleteObject",
        "s3:GetObject*",
        "s3:PutObjectAcl",
        "s3:REST.PUT.OBJECT",
        "s3:ListAllMyBuckets",
    ),
    "code and runtime by other ways than a zip": (
        "lambda:AssociateRuntimeAlias",
        "lambda:GetLayerVersion",
        "lambda:*CodeSigningConfig",
    ),
    "keys of one's own for queues, logs and topics": (
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        "kms:RetireGrant",
        "kms:RevokeGrant",
        "logs:*KmsKey",
    ),
    "logs of others": ("logs:DeleteResourcePolicy", "logs:PutBearerTokenAuthentication"),
    "a budget of another view": ("billing:*",),
    "roles that AWS makes for itself": ("iam:CreateServiceLinkedRole",),
}


def _schemas() -> dict[str, dict[str, Any]]:
    """What AWS says of each kind of resource (shipped with cfn-lint)."""
    folder = resources.files("cfnlint.data.schemas.resources")
    found = {}
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text(encoding="utf-8"))
            found[schema["typeName"]] = schema
    return found


@pytest.fixture(scope="module")
def needed() -> dict[str, set[str]]:
    """Action that AWS's own handlers take -> kinds of our resources that need it."""
    template = json.loads(build(here()).template.read_text(encoding="utf-8"))
    kinds = {one["Type"] for one in template["Resources"].values() if "Serverless" not in one["Type"]} | MADE_BY_SAM
    schemas = _schemas()
    found: dict[str, set[str]] = {}
    for kind in kinds:
        for handler in schemas[kind].get("handlers", {}).values():
            for action in handler.get("permissions", []):
                found.setdefault(action, set()).add(kind)
    return found


def test_cloudformation_may_do_what_its_handlers_do(needed: dict[str, set[str]]) -> None:
    granted, unused = actions("cloudformation"), [one for some in UNUSED.values() for one in some]
    missing = {action: kinds for action, kinds in needed.items() if not allows([*granted, *unused], action)}
    assert missing == {}


def test_what_is_called_unused_is_neither_unknown_nor_granted(needed: dict[str, set[str]]) -> None:
    granted = actions("cloudformation")
    for reason, patterns in UNUSED.items():
        for pattern in patterns:
            meant = [action for action in needed if fnmatch.fnmatchcase(action, pattern)]
            assert meant, f"{reason}: nothing needs {pattern}"
    # Reading people's messages is nobody's business who deploys.
    for action in (
        "dynamodb:GetItem",
        "dynamodb:Scan",
        "dynamodb:Query",
        "s3:GetObjectVersion",
        "kms:Decrypt",
        "sqs:ReceiveMessage",
    ):
        assert not allows(granted, action), action


@pytest.mark.parametrize("name", ["cloudformation", "deployer", "owner"])
def test_a_policy_fits_and_names_only_what_is_ours(name: str) -> None:
    policy = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert len(json.dumps(policy, separators=(",", ":"))) <= 6144, "AWS takes no longer managed policy"
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(sids) == len(set(sids))
    for statement in policy["Statement"]:
        assert "*" not in statement["Action"]
        for resource in statement["Resource"]:
            assert resource == "*" or "parley" in resource or "transform/" in resource or ":apigateway:" in resource
