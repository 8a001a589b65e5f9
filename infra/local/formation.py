"""Putting a packaged template and its zip into the emulator, at once: here nobody has to be asked."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploying import stacks
from infra.deploying.artifacts import Artifacts, with_code
from infra.deploying.refused import Client, Refused
from infra.deploying.release import CAPABILITIES

_UNCHANGED = "No updates are to be performed"
_POLL_S = 0.2


def deploy(
    client: Client, files: Artifacts, *, stage: str, archive: Path, template: dict[str, Any], parameters: dict[str, str]
) -> dict[str, str]:
    """Upload, create or update the stack `parley-<stage>`, wait, and give its outputs; Refused where it fails."""
    files.prepare()
    # Named by their content: an unchanged package is an unchanged stack.
    code = files.put(stage, "zip", archive.read_bytes())
    body = files.put(stage, "json", json.dumps(with_code(template, files.bucket, code)).encode())
    cloudformation = client("cloudformation")
    name, token = f"parley-{stage}", stacks.new_token()
    wanted: dict[str, Any] = {
        "StackName": name,
        "TemplateURL": files.url(body),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": list(CAPABILITIES),
        "ClientRequestToken": token,
    }
    try:
        if stacks.look(cloudformation, name) is None:
            cloudformation.create_stack(**wanted, OnFailure="DELETE")
        else:
            cloudformation.update_stack(**wanted)
    except ClientError as error:
        if _UNCHANGED not in str(error):
            raise Refused(str(error)) from error
    stack = stacks.follow(cloudformation, name, token, lambda _: None, lambda _: time.sleep(_POLL_S))
    if stack is None:
        raise Refused(f"{name} is gone: its first deployment failed")
    if stack.status not in stacks.REACHED:
        raise Refused(f"{name} is {stack.status}. It began with {stacks.why(cloudformation, name, token)}")
    return dict(stack.outputs)
