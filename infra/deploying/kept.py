"""What outlived a stack: tables, files and the key of the secrets, which a new stack of the same stage takes up again.

The new stack begins by importing them (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/
import-resources-manually.html); all else is made by the update that follows.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.release import Found

_ABSENT = (
    "404",
    "NoSuchBucket",
    "NotFoundException",
    "ResourceNotFoundException",
)
_KEY = "AWS::KMS::Key"
_ALIAS = "AWS::KMS::Alias"


def names(template: dict[str, Any], account: Account, stage: str) -> dict[str, tuple[str, str]]:
    """Resource name -> kind and own name, of all in a template that outlives a stack and has a name of its own."""
    found = {}
    for name, resource in template["Resources"].items():
        if resource.get("DeletionPolicy") == "Retain" and (key := _IDENTIFIER.get(resource["Type"])):
            text = resource["Properties"][key]["Fn::Sub"]
            for what, value in (("Stage", stage), ("AWS::AccountId", account.id), ("AWS::Region", account.region)):
                text = text.replace(f"${{{what}}}", value)
            found[name] = (resource["Type"], text)
    return found


def find(template: dict[str, Any], account: Account, stage: str, *, any_shape: bool = False) -> tuple[Found, ...]:
    """What stands in the account of all that a stack of this template would make anew.

    Refused where a table stands that is not of the template's shape, unless `any_shape`.
    """
    found = []
    for name, (kind, own) in names(template, account, stage).items():
        if kind == "AWS::DynamoDB::Table":
            described = _table(account, own)
            if described is not None:
                if not any_shape:
                    _refuse_other(own, described, template["Resources"][name]["Properties"])
                found.append(Found(name, kind, "TableName", own))
        elif kind == "AWS::S3::Bucket" and _bucket(account, own):
            found.append(Found(name, kind, "BucketName", own))
        elif kind == "AWS::Backup::BackupVault" and _vault(account, own):
            found.append(Found(name, kind, "BackupVaultName", own))
        elif kind == _ALIAS and (key := key_of(account, own)):
            found.append(Found(name, kind, "AliasName", own))
            [sealer] = [one for one, row in template["Resources"].items() if row["Type"] == _KEY]
            found.append(Found(sealer, _KEY, "KeyId", key))
    return tuple(found)


def only(template: dict[str, Any], found: tuple[Found, ...]) -> dict[str, Any]:
    """The part of a template that is imported: AWS makes nothing else in the same step, and wants no outputs."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": template["Parameters"],
        "Conditions": template["Conditions"],
        "Resources": {one.name: template["Resources"][one.name] for one in found},
    }


def key_of(account: Account, alias: str) -> str:
    """Id of the key behind an alias; "" where there is none, Refused where it is going to be deleted."""
    try:
        key = account.client("kms").describe_key(KeyId=alias)["KeyMetadata"]
    except ClientError as error:
        if _code(error) in _ABSENT:
            return ""
        raise
    if key["KeyState"] == "PendingDeletion":
        raise Refused(
            f"the key that sealed the stage's secrets is to be deleted ({key['KeyId']}). If its secrets are wanted:\n"
            f"  aws kms cancel-key-deletion --key-id {key['KeyId']} && aws kms enable-key --key-id {key['KeyId']}\n"
            f"else: aws kms delete-alias --alias-name {alias}"
        )
    return str(key["KeyId"])


_IDENTIFIER = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Backup::BackupVault": "BackupVaultName",
}


def _table(account: Account, name: str) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = account.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if _code(error) in _ABSENT:
            return None
        raise
    return described


def _refuse_other(name: str, stands: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse to take up a table of another shape: CloudFormation believes what it is told of an imported one."""
    if stands.get("TableStatus") == "DELETING":
        raise Refused(f"the table {name} is being deleted; wait until it is gone")

    def shape(row: dict[str, Any]) -> Any:
        indexes = {one["IndexName"]: _keys(one) for one in row.get("GlobalSecondaryIndexes", [])}
        return _keys(row), indexes

    if shape(stands) != shape(wanted):
        raise Refused(
            f"the table {name} stands already, and its keys or indexes are those of another release. "
            "Deploy the release that made it; from there an update leads to this one"
        )


def _keys(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in row["KeySchema"]]


def _bucket(account: Account, name: str) -> bool:
    try:
        account.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=account.id)
    except ClientError as error:
        if _code(error) in _ABSENT:
            return False
        if _code(error) == "403":
            raise Refused(f"the bucket {name} stands, and is not this account's or closed to you") from error
        raise
    return True


def _vault(account: Account, name: str) -> bool:
    try:
        account.client("backup").describe_backup_vault(BackupVaultName=name)
    except ClientError as error:
        # AWS says of a vault that is not there that one may not see it.
        if _code(error) in (*_ABSENT, "AccessDeniedException"):
            return False
        raise
    return True


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
