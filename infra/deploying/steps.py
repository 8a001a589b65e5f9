"""What has to be done one after the other, from how a stack stands to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.deploying import indexes, kept
from infra.deploying.account import Account
from infra.deploying.release import Found, Kind
from infra.deploying.stacks import Stack

RELEASE = "the release"


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
) -> list[Step]:
    """The steps; Refused where none lead there."""
    if standing is None:
        if found := kept.find(template, where, stage):
            return [
                Step(
                    f"take up {len(found)} tables, files and keys that stand",
                    "IMPORT",
                    kept.only(template, found),
                    values,
                    found,
                ),
                Step(RELEASE, "UPDATE", template, values),
            ]
        return [
            # A protected table could not be removed again if the first deployment fails.
            Step(RELEASE, "CREATE", template, values | {"Standing": "no"}),
            Step("protect what was made", "UPDATE", template, values, aside=True),
        ]
    deployed = cloudformation.get_template(StackName=standing.id, TemplateStage="Original")["TemplateBody"]
    # Where the first deployment was cut off after importing, what stands is not yet a release.
    apart = indexes.steps(deployed, template)
    known = deployed["Parameters"]
    as_it_was = {name: value for name, value in standing.parameters.items() if name in known}
    return [
        *(Step(one.title, "UPDATE", one.template, as_it_was, fills=(one.table,)) for one in apart.before),
        Step(RELEASE, "UPDATE", apart.release, values),
        *(Step(one.title, "UPDATE", one.template, values) for one in apart.after),
    ]


def tables(step: Step, stage: str) -> list[str]:
    """Names of the tables whose indexes a step waits for."""
    return [
        step.template["Resources"][name]["Properties"]["TableName"]["Fn::Sub"].replace("${Stage}", stage)
        for name in step.fills
    ]
