"""What all Lambdas share: the key of the secrets, the media bucket, the bus, and each one's log group."""

from __future__ import annotations

from typing import Any

from chalicelib.ports.media import PENDING
from infra import declared, edges, mails
from infra.limits import LOG_DAYS, REMOVED_DAYS

BUS = "parley-${Stage}"
BUCKET = "parley-${Stage}-media-${AWS::AccountId}-${AWS::Region}"
"""Bucket names are one space for all of AWS, so the account and the region are part of it."""


def resources() -> dict[str, Any]:
    """Key, bucket, bus and log groups."""
    return {
        "SecretsKey": _kept("AWS::KMS::Key", _key()),
        # Kept with the key: it is how the key is found again.
        "SecretsKeyAlias": _kept(
            "AWS::KMS::Alias", {"AliasName": {"Fn::Sub": "alias/parley-${Stage}"}, "TargetKeyId": {"Ref": "SecretsKey"}}
        ),
        # S3 looks whether it may tell the queue when it is told to.
        "MediaBucket": _kept("AWS::S3::Bucket", _bucket()) | {"DependsOn": ["MailsQueuePolicy"]},
        "MediaBucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "MediaBucket"}, "PolicyDocument": _bucket_policy()},
        },
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": BUS}}},
        **{log_group(name): _log(name) for name in edges.names()},
    }


def log_group(name: str) -> str:
    """Resource name of a Lambda's log group."""
    return f"{declared.pascal(name)}Log"


def _kept(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}


def _key() -> dict[str, Any]:
    # The account's own policies decide who may use the key (https://docs.aws.amazon.com/kms/latest/developerguide/
    # key-policy-default.html); a key policy has no other resource than "*", which means this key.
    owner = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {
        "Description": {"Fn::Sub": "Secrets of the providers and bots of parley-${Stage}"},
        "EnableKeyRotation": True,
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [owner]},
    }


def _bucket() -> dict[str, Any]:
    return {
        "BucketName": {"Fn::Sub": BUCKET},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        # Pages of any origin put files, each where we have signed that it may.
        "CorsConfiguration": {
            "CorsRules": [
                {"AllowedOrigins": ["*"], "AllowedMethods": ["POST"], "AllowedHeaders": ["*"], "MaxAge": 86400}
            ]
        },
        "VersioningConfiguration": {"Status": "Enabled"},
        "NotificationConfiguration": mails.notification(),
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "unfinished-uploads",
                    "Status": "Enabled",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                },
                {
                    # What a page has put and then not said.
                    "Id": "files-not-taken",
                    "Status": "Enabled",
                    "Prefix": PENDING,
                    "ExpirationInDays": 1,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                },
                mails.lifecycle(),
                {
                    "Id": "removed-files",
                    "Status": "Enabled",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": REMOVED_DAYS},
                    "ExpiredObjectDeleteMarker": True,
                },
            ]
        },
    }


def _bucket_policy() -> dict[str, Any]:
    statement = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": ["MediaBucket", "Arn"]}, {"Fn::Sub": "${MediaBucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement, mails.may_put()]}


def _log(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        # Logs end with the stack; their retention bounds them while it stands.
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/parley-${{Stage}}-{name}"},
            "RetentionInDays": LOG_DAYS,
        },
    }
