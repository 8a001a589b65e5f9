"""The bucket that packages and templates are put into on their way to CloudFormation.

Its name can be guessed, and names of buckets are one space for all of AWS. So each call says whose it must be: who
owned the name before us would otherwise be handed our code, and could change it
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploying.refused import Refused

KEPT_DAYS = 180
"""How long a package stays that is deployed no longer."""
_OURS = re.compile(r"parley-[a-z0-9]+/[0-9a-f]{32}\.(?:zip|json)")


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The bucket of an account and region."""

    s3: Any
    bucket: str
    owner: str
    region: str
    partition: str = "aws"
    others: bool = False
    """It is a bucket that somebody chose, and may hold more than ours: it is taken as it is."""

    def prepare(self) -> None:
        """Make it, where it is not there, and see to it that it is ours, closed, and by TLS only."""
        try:
            self.s3.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.owner)
        except ClientError as error:
            if _status(error) == 403:
                raise Refused(
                    f"the bucket {self.bucket} is not this account's, or you may not use it; "
                    "if it belongs to a stranger, deploy with --bucket and another name"
                ) from error
            if _status(error) != 404:
                raise
            self._make()
        else:
            if self.others:
                return
        whose = {"Bucket": self.bucket, "ExpectedBucketOwner": self.owner}
        self.s3.put_public_access_block(
            **whose,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
        self.s3.put_bucket_lifecycle_configuration(
            **whose,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "unfinished-uploads",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    }
                ]
            },
        )
        self.s3.put_bucket_policy(**whose, Policy=json.dumps(self._policy()))

    def tidy(self, stage: str, deployed: str, now: datetime.datetime) -> int:
        """Remove a stage's packages that are old and that the deployed template does not name; gives how many.

        Not by a rule of the bucket: an update that fails goes back to what was deployed, for which AWS fetches its
        package once more, however old it is.
        """
        whose = {"Bucket": self.bucket, "ExpectedBucketOwner": self.owner}
        old = [
            row["Key"]
            for page in self.s3.get_paginator("list_objects_v2").paginate(**whose, Prefix=f"parley-{stage}/")
            for row in page.get("Contents", [])
            if _OURS.fullmatch(row["Key"])
            and row["Key"] not in deployed
            and row["LastModified"] < now - datetime.timedelta(days=KEPT_DAYS)
        ]
        for key in old:
            self.s3.delete_object(**whose, Key=key)
        return len(old)

    def put(self, stage: str, suffix: str, body: bytes) -> str:
        """Put a stage's file under a name made of its content, so that no update meets an old one; gives the key."""
        key = f"parley-{stage}/{hashlib.sha256(body).hexdigest()[:32]}.{suffix}"
        # Always anew, so that it counts as young.
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ExpectedBucketOwner=self.owner)
        return key

    def url(self, key: str) -> str:
        """Address of a file, as CloudFormation takes it."""
        return f"{self.s3.meta.endpoint_url.rstrip('/')}/{self.bucket}/{key}"

    def _make(self) -> None:
        where = {"LocationConstraint": self.region}
        try:
            self.s3.create_bucket(
                Bucket=self.bucket, **({} if self.region == "us-east-1" else {"CreateBucketConfiguration": where})
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "BucketAlreadyOwnedByYou":
                return
            if error.response["Error"]["Code"] != "BucketAlreadyExists":
                raise
            raise Refused(
                f"the bucket {self.bucket} is somebody else's; deploy with --bucket and another name"
            ) from error

    def _policy(self) -> dict[str, Any]:
        own = f"arn:{self.partition}:s3:::{self.bucket}"
        statement = {
            "Sid": "OnlyTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [own, f"{own}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}


def with_code(template: dict[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """The template with every function's code where it was uploaded."""
    copied: dict[str, Any] = json.loads(json.dumps(template))
    for resource in copied["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return copied


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
