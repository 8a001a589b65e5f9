"""A deployment, from a package on disk to a stage that answers."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.deploying import account as accounts
from infra.deploying import changes, finishing, indexes, release, runtimes, stacks, steps, told
from infra.deploying.account import Account
from infra.deploying.artifacts import Artifacts, with_code
from infra.deploying.refused import Refused
from infra.deploying.release import Wanted
from infra.deploying.stacks import Stack
from infra.deploying.steps import RELEASE, Step
from infra.deploying.talk import Hands

_PRIVATE = "PARLEY_ALLOW_PRIVATE_TARGETS"
_WATCHED = ("converse: errors", "fan_out: errors", "deliver: errors", "api: errors", "http: errors")
"""Alarms that undo a deployment; CloudFormation takes five."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    stage: str
    package: Path
    settings: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    role: str = ""
    bucket: str = ""
    watch_minutes: int = 5
    accept_loss: bool = False
    only_plan: bool = False


def refuse_private_targets(template: dict[str, Any]) -> None:
    """Refuse to deploy with webhook targets inside the network: any bot's URL could then reach AWS's own addresses."""
    if os.environ.get(_PRIVATE):
        raise Refused(f"{_PRIVATE} is set; it is for the local run only")
    if _PRIVATE in json.dumps(template):
        raise Refused(f"the template sets {_PRIVATE}; it is for the local run only")


def deploy(asked: Asked, where: Account, hands: Hands) -> dict[str, str] | None:
    """Deploy a package to a stage; gives its addresses, or None where it was only to be planned.

    Refused where it cannot be, or the one who is asked says no.
    """
    template = json.loads((asked.package / "template.json").read_text(encoding="utf-8"))
    refuse_private_targets(template)
    told.refuse_stage(asked.stage)
    name = f"parley-{asked.stage}"
    cloudformation = where.client("cloudformation")
    standing = stacks.look(cloudformation, name)
    stacks.refuse_busy(name, standing)
    runtimes.mind(runtimes.of(template), hands.today(), new=standing is None, say=hands.say)
    tags = told.tags(standing.tags if standing else {}, asked.tags, asked.stage)
    role = asked.role
    values = told.parameters(template, standing.parameters if standing else {}, asked.settings, asked.stage)
    if values["ReserveConcurrency"] == "on":
        accounts.refuse_too_small(where.client("lambda"), template, asked.stage)
    if standing and standing.status not in stacks.UPDATABLE:
        if asked.only_plan:
            raise Refused(f"{name} is {standing.status}: a deployment would first delete what is left of it")
        _clear(cloudformation, name, standing, hands)
        # What was chosen stays, also by whom it is done.
        role, standing = role or standing.role, None
    files = Artifacts(
        where.client("s3"),
        asked.bucket or _bucket(where),
        where.id,
        where.region,
        where.partition,
        others=bool(asked.bucket),
    )
    files.prepare()
    code = files.put(asked.stage, "zip", (asked.package / "deployment.zip").read_bytes())
    ahead = steps.steps(
        cloudformation,
        where,
        standing,
        with_code(template, files.bucket, code),
        values,
        asked.stage,
        accept_loss=asked.accept_loss,
    )
    if len(ahead) > 1:
        hands.say("it takes these steps: " + "; ".join(step.title for step in ahead))
    for step in ahead:
        wanted = Wanted(
            stack=name,
            template_url=files.url(files.put(asked.stage, "json", json.dumps(step.template).encode())),
            parameters=step.parameters,
            tags=tags,
            role=role,
            alarms=_quiet_alarms(where, asked.stage) if step.kind == "UPDATE" and values["Alarms"] == "on" else (),
            watch_minutes=asked.watch_minutes if step.title == RELEASE else 0,
            imports=step.imports,
        )
        if not _take(cloudformation, wanted, step, asked, hands):
            return None
        if step.fills:
            indexes.wait_filled(where.client("dynamodb"), steps.tables(step, asked.stage), hands.say, hands.sleep)
    done = finishing.finish(cloudformation, where, name, asked.stage, values, hands)
    today = datetime.datetime.combine(hands.today(), datetime.time(), datetime.UTC)
    files.tidy(asked.stage, json.dumps(ahead[-1].template), today)
    return done


def _take(cloudformation: Any, wanted: Wanted, step: Step, asked: Asked, hands: Hands) -> bool:
    """Plan a step, show it, ask, and carry it out; False where it was only to be planned."""
    planned = release.plan(cloudformation, wanted, step.kind, hands.sleep)
    if planned is None:
        hands.say(f"{step.title}: nothing changes")
        return True
    if step.aside and not asked.only_plan:
        hands.say(step.title)
        release.carry_out(cloudformation, planned, hands.say, hands.sleep)
        return True
    hands.say(f"{step.title}:")
    for line in changes.shown(planned.changes):
        hands.say(line)
    carried = False
    try:
        if (lost := changes.lost(planned.changes)) and not asked.accept_loss:
            raise Refused("it would lose " + "; ".join(lost) + ". If that is meant: --accept-data-loss")
        if asked.only_plan:
            return False
        if not hands.ask(f"{step.title} into {wanted.stack}?"):
            raise Refused("you said no; nothing was changed by this step")
        carried = True
    finally:
        if not carried:
            release.drop(cloudformation, planned)
    release.carry_out(cloudformation, planned, hands.say, hands.sleep)
    return True


def _clear(cloudformation: Any, name: str, stack: Stack, hands: Hands) -> None:
    """Delete a stack of which AWS allows nothing else; its tables, files and key are taken up by the next."""
    hands.say(f"{name} is {stack.status}: {stack.reason or 'a deployment failed'}")
    if not hands.ask(f"delete what is left of {name} and begin anew? Tables and files stay"):
        raise Refused("you said no")
    if stack.protected:
        cloudformation.update_termination_protection(StackName=stack.id, EnableTerminationProtection=False)
    stacks.delete(cloudformation, stack, "", hands.say, hands.sleep)


def _quiet_alarms(where: Account, stage: str) -> tuple[str, ...]:
    """ARNs of the alarms that undo a deployment: not one that rings already, which may be what is to be mended."""
    names = [f"parley-{stage} {what}" for what in _WATCHED]
    found = where.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return tuple(one["AlarmArn"] for one in found if one["StateValue"] != "ALARM")


def _bucket(where: Account) -> str:
    return f"parley-artifacts-{where.id}-{where.region}"
