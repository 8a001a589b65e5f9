"""What outlived a stack: tables, files and the key of the secrets, which a new stack of the same stage takes up again.

The new stack begins by importing them (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/
import-resources-manually.html); all else is made by the update that follows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.deploying import conditions
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.release import Found

_ABSENT = (
    "404",
    "NoSuchBucket",
    "NotFoundException",
    "ResourceNotFoundException",
)
_TABLE = "AWS::DynamoDB::Table"
_BUCKET = "AWS::S3::Bucket"
_KEY = "AWS::KMS::Key"
_ALIAS = "AWS::KMS::Alias"
_VAULT = "AWS::Backup::BackupVault"
_LOOKED_FOR = {
    _TABLE: ("TableName", "dynamodb", "describe_table", "TableName"),
    _BUCKET: ("BucketName", "s3", "head_bucket", "Bucket"),
    _ALIAS: ("AliasName", "kms", "describe_key", "KeyId"),
    _VAULT: ("BackupVaultName", "backup", "describe_backup_vault", "BackupVaultName"),
}
"""Kind -> the property that names one; the service, the call that tells of one, and what the call names it by."""


def names(template: dict[str, Any], account: Account, stage: str) -> dict[str, tuple[str, str]]:
    """Resource name -> kind and own name, of all in a template that outlives a stack and has a name of its own."""
    found = {}
    for name, resource in template["Resources"].items():
        if resource.get("DeletionPolicy") == "Retain" and (looked_for := _LOOKED_FOR.get(resource["Type"])):
            text = resource["Properties"][looked_for[0]]["Fn::Sub"]
            for what, value in (("Stage", stage), ("AWS::AccountId", account.id), ("AWS::Region", account.region)):
                text = text.replace(f"${{{what}}}", value)
            found[name] = (resource["Type"], text)
    return found


def find(
    template: dict[str, Any],
    account: Account,
    stage: str,
    *,
    values: Mapping[str, str] | None = None,
    apart: Collection[str] = (),
) -> tuple[Found, ...]:
    """What stands in the account of all that a stack of this template, told these values, would make anew.

    `apart` names resources that the stack has already. Refused where a table stands that is not of the template's
    shape, or a key that is to be deleted. Without values whatever stands is found, as it is.
    """
    found = []
    wanted = conditions.made(template, values) if values is not None else template["Resources"].keys()
    for name, (kind, own) in names(template, account, stage).items():
        if name in apart or name not in wanted or (stands := _look(account, kind, own)) is None:
            continue
        protected = False
        if kind == _TABLE:
            protected = bool(stands["Table"].get("DeletionProtectionEnabled"))
            if values is not None:
                _refuse_other(own, stands["Table"], template["Resources"][name]["Properties"])
                _refuse_other_key(own, stands["Table"], values.get("TableKeyArn", ""))
        found.append(Found(name, kind, _LOOKED_FOR[kind][0], own, protected))
        if kind == _ALIAS:
            [sealer] = [one for one, row in template["Resources"].items() if row["Type"] == _KEY]
            found.append(Found(sealer, _KEY, "KeyId", _key(stands, own, doomed=values is None)))
    return tuple(found)


def only(template: dict[str, Any], found: tuple[Found, ...]) -> dict[str, Any]:
    """The part of a template that is imported: AWS makes nothing else in the same step, and wants no outputs."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": template["Parameters"],
        "Conditions": template["Conditions"],
        "Resources": {one.name: _as_it_stands(template, one) for one in found},
    }


def beside(deployed: dict[str, Any], template: dict[str, Any], found: tuple[Found, ...]) -> dict[str, Any]:
    """What is deployed, with what is imported into it and nothing else that is new."""
    body: dict[str, Any] = json.loads(json.dumps(deployed))
    for section in ("Parameters", "Conditions"):
        body[section] = template[section] | body.get(section, {})
    body["Resources"] |= {one.name: _as_it_stands(template, one) for one in found}
    return body


def _as_it_stands(template: dict[str, Any], one: Found) -> dict[str, Any]:
    """A resource as it is told to CloudFormation, which believes it and does not look: with its name and protection.

    The update that follows makes of it what the template says.
    """
    resource: dict[str, Any] = json.loads(json.dumps(template["Resources"][one.name]))
    resource.pop("Condition", None)
    # What it waits for is not there yet, nor who it tells: the update that follows says both.
    resource.pop("DependsOn", None)
    resource["Properties"].pop("NotificationConfiguration", None)
    if one.kind != _KEY:
        resource["Properties"][one.key] = one.value
    if "DeletionProtectionEnabled" in resource["Properties"]:
        resource["Properties"]["DeletionProtectionEnabled"] = one.protected
    return resource


def refuse_keyless(template: dict[str, Any], found: tuple[Found, ...], account: Account, stage: str) -> None:
    """Refuse to take up tables without the key of the secrets in them: a new key cannot read any of these."""
    kinds = {one.kind for one in found}
    aliases = [own for kind, own in names(template, account, stage).values() if kind == _ALIAS]
    if _TABLE in kinds and aliases and _KEY not in kinds:
        raise Refused(
            f"tables of the stage stand, and there is no {aliases[0]}, which leads to the key of the secrets in them. "
            f"If the key is there (its description names parley-{stage}):\n"
            f"  aws kms create-alias --alias-name {aliases[0]} --target-key-id ...\n"
            "else say --accept-data-loss: a new key is made, and each secret has to be entered again"
        )


def key_of(account: Account, alias: str, *, doomed: bool = False) -> str:
    """Id of the key behind an alias; "" where there is none, Refused where it will be deleted, unless `doomed`."""
    stands = _look(account, _ALIAS, alias)
    return "" if stands is None else _key(stands, alias, doomed=doomed)


def _key(stands: dict[str, Any], alias: str, *, doomed: bool) -> str:
    key = stands["KeyMetadata"]
    if key["KeyState"] == "PendingDeletion" and not doomed:
        raise Refused(
            f"the key that sealed the stage's secrets is to be deleted ({key['KeyId']}). If its secrets are wanted:\n"
            f"  aws kms cancel-key-deletion --key-id {key['KeyId']} && aws kms enable-key --key-id {key['KeyId']}\n"
            f"else: aws kms delete-alias --alias-name {alias}"
        )
    return str(key["KeyId"])


def _look(account: Account, kind: str, name: str) -> dict[str, Any] | None:
    """What AWS tells of one; None where it is not there, Refused where a bucket of the name is another's."""
    _, service, call, parameter = _LOOKED_FOR[kind]
    whose = {"ExpectedBucketOwner": account.id} if kind == _BUCKET else {}
    try:
        described: dict[str, Any] = getattr(account.client(service), call)(**{parameter: name}, **whose)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # AWS says of a vault that is not there that one may not see it.
        if code in _ABSENT or (kind == _VAULT and code == "AccessDeniedException"):
            return None
        if kind == _BUCKET and code == "403":
            raise Refused(f"the bucket {name} stands, and is not this account's or closed to you") from error
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


def _refuse_other_key(name: str, stands: dict[str, Any], wanted: str) -> None:
    """Refuse to take up a table under another key than its own: nobody could read it, or nobody would encrypt it."""
    stored = stands.get("SSEDescription", {})
    own = str(stored.get("KMSMasterKeyArn", "")) if stored.get("Status") in ("ENABLED", "UPDATING") else ""
    if own != wanted and not (own and ":alias/" in wanted):
        raise Refused(
            f"the table {name} stands already, encrypted by {own or 'the key of DynamoDB'}: "
            f"deploy with --set TableKeyArn={own}, and change the key when that is done"
        )


def _keys(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in row["KeySchema"]]
