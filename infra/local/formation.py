"""Putting a packaged template and its zip into the emulator, at once: here nobody has to be asked."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploying import stacks
from infra.deploying.artifacts import with_code
from infra.deploying.refused import Client, Refused
from infra.deploying.release import CAPABILITIES

_UNCHANGED = "No updates are to be performed"
_POLL_S = 0.2
_WAIT_S = 600


def deploy(
    client: Client, *, stage: str, bucket: str, archive: Path, template: dict[str, Any], parameters: dict[str, str]
) -> dict[str, str]:
    """Upload, create or update the stack `parley-<stage>`, wait, and give its outputs; Refused where it fails."""
    s3 = client("s3")
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        s3.create_bucket(Bucket=bucket)
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
        "Capabilities": list(CAPABILITIES),
    }
    try:
        if stacks.look(cloudformation, stack) is None:
            cloudformation.create_stack(**wanted, OnFailure="DELETE")
        else:
            cloudformation.update_stack(**wanted)
    except ClientError as error:
        if _UNCHANGED not in str(error):
            raise Refused(str(error)) from error
    return _settled(cloudformation, stack)


def _put(s3: Any, bucket: str, key: str, body: bytes) -> str:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return key


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _settled(cloudformation: Any, name: str) -> dict[str, str]:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        stack = stacks.look(cloudformation, name)
        if stack is None:
            raise Refused(f"{name} is gone: its first deployment failed")
        if stack.status in stacks.REACHED:
            return dict(stack.outputs)
        if not stack.status.endswith("_IN_PROGRESS"):
            raise Refused(f"{name} is {stack.status}:\n{_reasons(cloudformation, name)}")
        time.sleep(_POLL_S)
    raise Refused(f"{name} did not settle within {_WAIT_S} s")


def _reasons(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [row for row in events if "FAILED" in str(row.get("ResourceStatus"))]
    return "\n".join(f"  {row.get('LogicalResourceId')}: {row.get('ResourceStatusReason')}" for row in failed[:10])
