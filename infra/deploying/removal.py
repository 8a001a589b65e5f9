"""Taking a stage away: the stack alone, or with all that it keeps."""

from __future__ import annotations

import json
import shlex
from typing import Any

from infra.deploying import admin, kept, stacks, told
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.talk import Hands

WINDOW_DAYS = 30
"""How long AWS waits before it deletes the key, the longest it takes: what it sealed is unreadable for ever then."""


def names(template: dict[str, Any], where: Account, stage: str) -> dict[str, tuple[str, str]]:
    """What outlives the stack, found by its name: resource name -> kind and own name."""
    standing = {one.name for one in kept.find(template, where, stage)}
    return {name: one for name, one in kept.names(template, where, stage).items() if name in standing}


def remove_stack(where: Account, stage: str, role: str, hands: Hands) -> bool:
    """Delete the stack, if there is one; tables, files, backups and the key of the secrets stay."""
    cloudformation = where.client("cloudformation")
    name = f"parley-{stage}"
    stack = stacks.look(cloudformation, name)
    if stack is None:
        return False
    if stack.status.endswith("_IN_PROGRESS"):
        raise Refused(f"{name} is {stack.status}: wait for its end")
    cloudformation.update_termination_protection(StackName=stack.id, EnableTerminationProtection=False)
    stacks.delete(cloudformation, stack, role, hands.say, hands.sleep)
    return True


def remove_data(where: Account, stage: str, found: dict[str, tuple[str, str]], hands: Hands) -> None:
    """Delete what outlived the stack. A second run goes on where the first was cut off."""
    # The key last: what is left when this is cut off can then still be read, and the rest is found by its names.
    for kind, own in sorted(found.values(), key=lambda one: one[0] == "AWS::KMS::Alias"):
        hands.say(f"  deletes {kind} {own}")
        match kind:
            case "AWS::DynamoDB::Table":
                _drop_table(where.client("dynamodb"), own)
            case "AWS::S3::Bucket":
                _empty(where.client("s3"), own, where.id)
                where.client("s3").delete_bucket(Bucket=own, ExpectedBucketOwner=where.id)
            case "AWS::KMS::Alias":
                key = _doom(where.client("kms"), own)
                hands.say(f"  the key {key} is deleted in {WINDOW_DAYS} days; until then it can be called back")
            case "AWS::Backup::BackupVault":
                hands.say("  copies in it stay until they run out; delete them by hand if they must go")
    admin.forget(where.client("ssm"), stage)


def _drop_table(dynamodb: Any, name: str) -> None:
    table = dynamodb.describe_table(TableName=name)["Table"]
    if table["TableStatus"] != "DELETING":
        if table.get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
        dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name)


def _doom(kms: Any, alias: str) -> str:
    """Have the key behind an alias deleted, and the alias, by which it is found, after that; gives the key's id."""
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    if key["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=WINDOW_DAYS)
    kms.delete_alias(AliasName=alias)
    return str(key["KeyId"])


def _empty(s3: Any, bucket: str, owner: str) -> None:
    """Delete every version of every file: a bucket with any left is not deleted."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, ExpectedBucketOwner=owner):
        rows = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not rows:
            continue
        done = s3.delete_objects(
            Bucket=bucket,
            ExpectedBucketOwner=owner,
            Delete={"Quiet": True, "Objects": [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]},
        )
        if errors := done.get("Errors"):
            raise Refused(f"{len(errors)} files of {bucket} were not deleted: {errors[0].get('Message')}")


def chosen(where: Account, stage: str, template: dict[str, Any]) -> str:
    """Options of `make deploy` by which the stage was made what it is; "" where it is as the template has it."""
    stack = stacks.look(where.client("cloudformation"), f"parley-{stage}")
    given = stack.parameters if stack else {}
    defaults = {name: str(one["Default"]) for name, one in template["Parameters"].items() if "Default" in one}
    options = [
        f"--set {name}={shlex.quote(given[name])}"
        for name in defaults
        if given.get(name, defaults[name]) != defaults[name]
    ]
    if stack:
        own = told.tags({}, {}, stage)
        options += [f"--tag {shlex.quote(f'{n}={v}')}" for n, v in stack.tags.items() if own.get(n) != v]
        options += [f"--role-arn {stack.role}"] if stack.role else []
    return " ".join(options)


def template_of(where: Account, stage: str, packaged: str) -> dict[str, Any]:
    """The template that says what a stage keeps: the deployed one, else the package's."""
    cloudformation = where.client("cloudformation")
    stack = stacks.look(cloudformation, f"parley-{stage}")
    found = (
        cloudformation.get_template(StackName=stack.id, TemplateStage="Original")["TemplateBody"] if stack else packaged
    )
    template: dict[str, Any] = json.loads(found) if isinstance(found, str) else json.loads(json.dumps(found))
    return template
