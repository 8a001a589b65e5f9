"""What has to be done one after the other, from how a stack stands to what is wanted."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from infra.deploying import conditions, indexes, kept
from infra.deploying.account import Account
from infra.deploying.release import Found, Kind
from infra.deploying.stacks import Stack

RELEASE = "the release"
_PROTECT = "protect what was made"


@dataclass(frozen=True, slots=True)
class Step:
    """A change set of its own."""

    title: str
    kind: Kind
    template: dict[str, Any]
    parameters: dict[str, str]
    imports: tuple[Found, ...] = ()
    aside: bool = False
    """Part of what was agreed to already: neither shown nor asked for."""
    fills: tuple[str, ...] = ()
    """Resource names of the tables whose indexes are waited for."""


def steps(
    cloudformation: Any,
    where: Account,
    standing: Stack | None,
    template: dict[str, Any],
    values: dict[str, str],
    stage: str,
    *,
    accept_loss: bool = False,
) -> list[Step]:
    """The steps; Refused where none lead there."""
    if standing is None:
        found = kept.find(template, where, stage, values=values)
        if not found:
            return _released({}, template, values, "CREATE")
        if not accept_loss:
            kept.refuse_keyless(template, found, where, stage)
        begun = kept.only(template, found)
        return [_taken(found, begun, values), *_released(begun["Resources"], template, values)]
    deployed = cloudformation.get_template(StackName=standing.id, TemplateStage="Original")["TemplateBody"]
    as_it_was = {name: value for name, value in standing.parameters.items() if name in deployed["Parameters"]}
    # Where a release that had it was taken back, or a choice that made it, and now comes again.
    has = conditions.made(deployed, as_it_was)
    if found := kept.find(template, where, stage, values=values, apart=has):
        deployed = kept.beside(deployed, template, found)
        as_it_was = {name: (values | as_it_was)[name] for name in deployed["Parameters"]}
    # Where the first deployment was cut off after importing, what stands is not yet a release.
    apart = indexes.steps(deployed, template)
    return [
        *([_taken(found, deployed, as_it_was)] if found else []),
        *(Step(one.title, "UPDATE", one.template, as_it_was, fills=(one.table,)) for one in apart.before),
        *_released(deployed["Resources"], apart.release, values),
        *(Step(one.title, "UPDATE", one.template, values) for one in apart.after),
    ]


def _taken(found: tuple[Found, ...], template: dict[str, Any], values: dict[str, str]) -> Step:
    return Step(f"take up {len(found)} tables, files and keys that stand", "IMPORT", template, values, found)


def _released(
    before: Collection[str], template: dict[str, Any], values: dict[str, str], kind: Kind = "UPDATE"
) -> list[Step]:
    """The release, and after it the protection of tables that it made: if it failed they could not be removed again."""
    new = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table" and name not in before
    ]
    if not new:
        return [Step(RELEASE, kind, template, values)]
    open_yet: dict[str, Any] = json.loads(json.dumps(template))
    for name in new:
        open_yet["Resources"][name]["Properties"]["DeletionProtectionEnabled"] = False
    return [Step(RELEASE, kind, open_yet, values), Step(_PROTECT, "UPDATE", template, values, aside=True)]


def tables(step: Step, stage: str) -> list[str]:
    """Names of the tables whose indexes a step waits for."""
    return [
        step.template["Resources"][name]["Properties"]["TableName"]["Fn::Sub"].replace("${Stage}", stage)
        for name in step.fills
    ]
