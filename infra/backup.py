"""Copies of the tables beyond point-in-time recovery, by AWS Backup, where the parameter `BackupDays` asks for them."""

from __future__ import annotations

from typing import Any

from infra import declared, tables

_MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"


def resources() -> dict[str, Any]:
    """Vault, plan, what it copies, and the role that does it."""
    return {
        "BackupVault": _made("AWS::Backup::BackupVault", BackupVaultName={"Fn::Sub": "parley-${Stage}"})
        | {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
        "BackupRole": _made(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=_trusts("backup.amazonaws.com"),
            ManagedPolicyArns=[{"Fn::Sub": _MANAGED + what} for what in ("Backup", "Restores")],
        ),
        "BackupPlan": _made("AWS::Backup::BackupPlan", BackupPlan=_plan()),
        "BackupSelection": _made(
            "AWS::Backup::BackupSelection",
            BackupPlanId={"Ref": "BackupPlan"},
            BackupSelection={
                "SelectionName": {"Fn::Sub": "parley-${Stage}"},
                "IamRoleArn": {"Fn::GetAtt": ["BackupRole", "Arn"]},
                "Resources": [{"Fn::GetAtt": [tables.logical(table), "Arn"]} for table in copied()],
            },
        ),
    }


def copied() -> tuple[str, ...]:
    """The tables that are worth a copy: rows that end by themselves only say what is under way."""
    return tuple(table for table in declared.models() if tables.ttl_attribute(table) is None)


def _made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Condition": "WithBackup", "Properties": properties}


def _plan() -> dict[str, Any]:
    rule = {
        "RuleName": "daily",
        "TargetBackupVault": {"Ref": "BackupVault"},
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": {"Ref": "BackupDays"}},
    }
    return {"BackupPlanName": {"Fn::Sub": "parley-${Stage}"}, "BackupPlanRule": [rule]}


def _trusts(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
