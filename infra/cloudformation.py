"""Putting a packaged template and its zip into an account: S3, then one CloudFormation stack."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_UNCHANGED = "No updates are to be performed"
_WAIT_S = 1800


class NotDeployed(Exception):
    """The stack did not reach its goal; says why."""


def deploy(
    client: Client,
    *,
    stage: str,
    bucket: str,
    archive: Path,
    template: dict[str, Any],
    parameters: dict[str, str],
    poll_s: float = 2.0,
) -> dict[str, str]:
    """Upload, create or update the stack `parley-<stage>`, wait, and give its outputs."""
    s3 = client("s3")
    _bucket(s3, bucket)
    # Named by their content: an unchanged package is an unchanged stack, and an update never meets an old file.
    code = _put(s3, bucket, f"{stage}/{_digest(archive.read_bytes())}.zip", archive.read_bytes())
    body = json.dumps(with_code(template, bucket, code)).encode()
    key = _put(s3, bucket, f"{stage}/{_digest(body)}.json", body)
    cloudformation = client("cloudformation")
    stack = f"parley-{stage}"
    wanted: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": f"{s3.meta.endpoint_url.rstrip('/')}/{bucket}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": CAPABILITIES,
    }
    state = _state(cloudformation, stack)
    if state in ("ROLLBACK_COMPLETE", "DELETE_FAILED"):
        raise NotDeployed(f"{stack} is in {state} after a first deployment that failed; delete the stack, then deploy")
    try:
        if state is None:
            cloudformation.create_stack(**wanted, OnFailure="DELETE" if stage == "local" else "ROLLBACK")
        else:
            cloudformation.update_stack(**wanted)
    except ClientError as error:
        if _UNCHANGED not in str(error):
            raise NotDeployed(str(error)) from error
    return _settled(cloudformation, stack, poll_s)


def with_code(template: dict[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """The template with every function's code where it was uploaded."""
    copied: dict[str, Any] = json.loads(json.dumps(template))
    for resource in copied["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return copied


def _bucket(s3: Any, bucket: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        region = s3.meta.region_name
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **where)
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )


def _put(s3: Any, bucket: str, key: str, body: bytes) -> str:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return key


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _state(cloudformation: Any, stack: str) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _settled(cloudformation: Any, stack: str, poll_s: float) -> dict[str, str]:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        try:
            found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            raise NotDeployed(f"{stack} is gone: {error}") from error
        state = str(found["StackStatus"])
        if state.endswith("_IN_PROGRESS"):
            time.sleep(poll_s)
        elif state in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return {row["OutputKey"]: row["OutputValue"] for row in found.get("Outputs", [])}
        else:
            raise NotDeployed(f"{stack} is {state}:\n{_reasons(cloudformation, stack)}")
    raise NotDeployed(f"{stack} did not settle within {_WAIT_S} s")


def _reasons(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [row for row in events if "FAILED" in str(row.get("ResourceStatus"))]
    return "\n".join(f"  {row.get('LogicalResourceId')}: {row.get('ResourceStatusReason')}" for row in failed[:10])
