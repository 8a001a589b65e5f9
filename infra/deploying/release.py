"""One step of a deployment: a change set that is made, shown, and then carried out or dropped.

The same for a stack's first day, for each later one, and for taking up what an earlier stack left
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

from infra.deploying import changes, stacks
from infra.deploying.changes import Change
from infra.deploying.refused import Refused, Say, Sleep
from infra.deploying.stacks import Stack

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
Kind = Literal["CREATE", "UPDATE", "IMPORT"]
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_GONE = ("ChangeSetNotFound", "ChangeSetNotFoundException")
_UNDROPPABLE = (*_GONE, "InvalidChangeSetStatus", "InvalidChangeSetStatusException")
_POLL_S = 2.0
_POLLS = 300


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that stands outside of any stack, and how CloudFormation is told which it is."""

    name: str
    kind: str
    key: str
    value: str
    protected: bool = False
    """Whether it refuses to be deleted, as it stands."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack is to become."""

    stack: str
    template_url: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    """ARN of the role by which CloudFormation acts; "": as the one who deploys, or the role it had before."""
    alarms: tuple[str, ...] = ()
    """ARNs of alarms (at most five) that undo the step."""
    watch_minutes: int = 0
    """How long they are looked at after all is done."""
    imports: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A change set that waits."""

    kind: Kind
    stack: str
    stack_id: str
    change_set: str
    changes: tuple[Change, ...]


def plan(cloudformation: Any, wanted: Wanted, kind: Kind, sleep: Sleep) -> Plan | None:
    """Make a change set; None where nothing would change, Refused where AWS cannot make one."""
    asked: dict[str, Any] = {
        "StackName": wanted.stack,
        "ChangeSetName": f"parley-{uuid.uuid4().hex}",
        "ChangeSetType": kind,
        "TemplateURL": wanted.template_url,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in wanted.parameters.items()],
        "Capabilities": list(CAPABILITIES),
    }
    if kind != "IMPORT":
        # "As part of the import operation, you cannot modify or add [Tags]".
        asked["Tags"] = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
    if wanted.role:
        asked["RoleARN"] = wanted.role
    if kind == "IMPORT":
        asked["ResourcesToImport"] = [
            {"LogicalResourceId": one.name, "ResourceType": one.kind, "ResourceIdentifier": {one.key: one.value}}
            for one in wanted.imports
        ]
    if kind == "UPDATE":
        # Said each time, as CloudFormation keeps the alarms of the last time otherwise, which may be ringing now.
        triggers = [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in wanted.alarms]
        minutes = wanted.watch_minutes if triggers else 0
        asked["RollbackConfiguration"] = {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": minutes}
    try:
        made = cloudformation.create_change_set(**asked)
    except ClientError as error:
        raise Refused(f"AWS makes no change set of it: {error.response['Error']['Message']}") from error
    found = Plan(kind, wanted.stack, made["StackId"], made["Id"], ())
    ready = False
    try:
        if said := _failure(cloudformation, found, sleep):
            if any(words in said for words in _NOTHING):
                return None
            raise Refused(f"AWS makes no change set of it: {said}")
        rows = changes.read(cloudformation, found.change_set)
        ready = True
    finally:
        # Also where somebody breaks it off.
        if not ready:
            drop(cloudformation, found)
    return replace(found, changes=rows)


def _failure(cloudformation: Any, plan: Plan, sleep: Sleep) -> str:
    """Wait until AWS has made a change set; why it has not, "" where it has."""
    for _ in range(_POLLS):
        described = cloudformation.describe_change_set(ChangeSetName=plan.change_set)
        match described["Status"]:
            case "CREATE_COMPLETE":
                return ""
            case "FAILED":
                return str(described.get("StatusReason", "no reason given"))
        sleep(_POLL_S)
    return f"it was not made within {int(_POLLS * _POLL_S)} s; try again"


def drop(cloudformation: Any, plan: Plan) -> None:
    """Forget a change set, with the empty stack that AWS made for one of a stack that was not there."""
    try:
        cloudformation.delete_change_set(ChangeSetName=plan.change_set)
    except ClientError as error:
        # Still being made, or gone with its stack.
        if error.response["Error"]["Code"] not in _UNDROPPABLE:
            raise
    # Not where somebody else began it meanwhile.
    if plan.kind != "UPDATE" and stacks.look(cloudformation, plan.stack_id) is None:
        cloudformation.delete_stack(StackName=plan.stack_id)


def carry_out(cloudformation: Any, plan: Plan, say: Say, sleep: Sleep) -> Stack:
    """Carry a change set out and wait; Refused with the first failure where the stack did not get there."""
    token = stacks.new_token()
    # What a step made that fails is removed again with it, also what outlives a stack otherwise: the next try would
    # find its name taken.
    keep_nothing = {"RetainExceptOnCreate": True} if plan.kind != "IMPORT" else {}
    cloudformation.execute_change_set(
        ChangeSetName=plan.change_set, ClientRequestToken=token, DisableRollback=False, **keep_nothing
    )
    # A stack says what it was until the change has begun.
    begun = stacks.look(cloudformation, plan.stack_id)
    for _ in range(_POLLS):
        if (begun is not None and begun.status.endswith("_IN_PROGRESS")) or _executed(cloudformation, plan):
            break
        sleep(_POLL_S)
        begun = stacks.look(cloudformation, plan.stack_id)
    stack = stacks.follow(cloudformation, plan.stack_id, token, say, sleep)
    if stack is not None and stack.status in stacks.REACHED:
        return stack
    status = stack.status if stack else "gone"
    raise Refused(f"{plan.stack} is {status}. It began with {stacks.why(cloudformation, plan.stack_id, token)}")


def _executed(cloudformation: Any, plan: Plan) -> bool:
    """Whether the change set has been carried out, or failed to be; AWS forgets it when it is done."""
    try:
        described = cloudformation.describe_change_set(ChangeSetName=plan.change_set)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return True
        raise
    return described.get("ExecutionStatus") in ("EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE")
