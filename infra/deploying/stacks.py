"""How a stack stands, what it is on the way to, and why it did not get there."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.deploying.refused import Refused, Say, Sleep

POLL_S = 3.0
WAIT_S = 5400
"""A new index of a large table, or a certificate, may take more than an hour."""
UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
REACHED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
NEVER_STOOD = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED")
"""After a first deployment that failed: AWS lets such a stack only be deleted."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation describes it."""

    id: str
    status: str
    reason: str = ""
    protected: bool = False
    role: str = ""
    """ARN of the role by which CloudFormation acts on it; "" where it acts as its caller."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def look(cloudformation: Any, name: str) -> Stack | None:
    """The stack of a name or id; None where there is none, or only one that was never begun."""
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "REVIEW_IN_PROGRESS" else _read(found)


def refuse_busy(name: str, stack: Stack | None) -> None:
    """Refuse to touch a stack that is under way, or that AWS lets nobody touch."""
    if stack is None or stack.status in UPDATABLE or stack.status in NEVER_STOOD or stack.status == "DELETE_FAILED":
        return
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise Refused(
            f"{name} could not go back to what it was ({stack.reason or 'no reason given'}). Mend that, then\n"
            f"  aws cloudformation continue-update-rollback --stack-name {name}\nand deploy again when it is done"
        )
    raise Refused(
        f"{name} is {stack.status}: somebody else is at it, or an earlier deployment goes on. Wait for its end"
    )


def follow(cloudformation: Any, stack_id: str, token: str, say: Say, sleep: Sleep) -> Stack | None:
    """Wait until a stack has settled, telling what happens meanwhile; None where it is gone."""
    told: set[str] = set()
    for _ in range(int(WAIT_S / POLL_S)):
        stack = look(cloudformation, stack_id)
        for event in reversed(_events(cloudformation, stack_id, token, told) if stack else []):
            if event["EventId"] not in told and _worth(event):
                say(f"  {event['ResourceStatus']:<20} {event['LogicalResourceId']}")
            told.add(event["EventId"])
        if stack is None or stack.status == "DELETE_COMPLETE":
            return None
        if not stack.status.endswith("_IN_PROGRESS"):
            return stack
        sleep(POLL_S)
    raise Refused(f"{stack_id} did not settle in {WAIT_S // 60} minutes; AWS goes on. Look at it, then deploy again")


def delete(cloudformation: Any, stack: Stack, role: str, say: Say, sleep: Sleep) -> None:
    """Delete a stack and wait; Refused with the first failure where something of it stays that should not."""
    # Another one each time: AWS takes what has the token of an earlier try for that try.
    token = new_token()
    by = {"RoleARN": role} if role else {}
    cloudformation.delete_stack(StackName=stack.id, ClientRequestToken=token, **by)
    left = follow(cloudformation, stack.id, token, say, sleep)
    if left is not None:
        raise Refused(
            f"{stack.id.split('/')[1]} is {left.status}. It began with {why(cloudformation, stack.id, token)}. "
            "Mend that and run this again"
        )


def new_token() -> str:
    """A token by which what one call causes is told from all else."""
    return f"parley-{uuid.uuid4().hex}"


def why(cloudformation: Any, stack_id: str, token: str) -> str:
    """The oldest failure of what a token began: what came after it was only cancelled or rolled back."""
    events = _events(cloudformation, stack_id, token)
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    meant = [event for event in failed if "cancelled" not in str(event.get("ResourceStatusReason", "")).lower()]
    # An alarm that undoes a deployment fails nothing.
    undone = [event for event in events if "ROLLBACK_IN_PROGRESS" in event["ResourceStatus"]]
    if not (chosen := (meant or failed or undone)[-1:]):
        return "nothing that AWS tells: look at the stack's events"
    event = chosen[0]
    reason = event.get("ResourceStatusReason", "no reason given")
    return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def _worth(event: dict[str, Any]) -> bool:
    status = str(event["ResourceStatus"])
    return not status.endswith("_IN_PROGRESS") or "ROLLBACK" in status


def _events(cloudformation: Any, stack_id: str, token: str, known: Collection[str] = ()) -> list[dict[str, Any]]:
    """Events that a token caused, the newest first, at least down to those that are known."""
    found: list[dict[str, Any]] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        ours = [event for event in page["StackEvents"] if event.get("ClientRequestToken") == token]
        found += ours
        # One operation at a time, so that ours stand together.
        if not ours or ours[-1]["EventId"] in known:
            break
    return found


def _read(found: dict[str, Any]) -> Stack:
    return Stack(
        id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        protected=found.get("EnableTerminationProtection", False),
        role=found.get("RoleARN", ""),
        parameters={row["ParameterKey"]: row["ParameterValue"] for row in found.get("Parameters", [])},
        outputs={row["OutputKey"]: row["OutputValue"] for row in found.get("Outputs", [])},
        tags={row["Key"]: row["Value"] for row in found.get("Tags", [])},
    )
