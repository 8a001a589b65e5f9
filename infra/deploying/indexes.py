"""Changes of a table's indexes, taken apart into updates that AWS carries out.

An update may make or remove one index of a table, and CloudFormation does not wait until a new one is filled
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html, under
GlobalSecondaryIndexes). So new indexes come one by one before the release whose code asks them, each waited for, and
what nobody asks any more goes after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.deploying.refused import Refused, Say, Sleep

_TABLE = "AWS::DynamoDB::Table"
_POLL_S = 10.0
_POLLS = 2160
Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """An update of its own for one index."""

    title: str
    table: str
    template: Template


@dataclass(frozen=True, slots=True)
class Steps:
    """What comes before the release, the release itself, and what comes after it."""

    before: tuple[Step, ...]
    release: Template
    after: tuple[Step, ...]


def steps(deployed: Template | None, wanted: Template) -> Steps:
    """The updates that lead from what is deployed to what is wanted; Refused where no update leads there."""
    if deployed is None:
        return Steps((), wanted, ())
    before: list[Step] = []
    now = _copy(deployed)
    for table, index in _missing(wanted, deployed):
        now = _with(now, table, index, wanted)
        before.append(Step(f"index {index['IndexName']} of {table}", table, _copy(now)))
    release = _copy(wanted)
    gone = list(_missing(deployed, wanted))
    for table, index in gone:
        release = _with(release, table, index, deployed)
    after: list[Step] = []
    now = release
    for table, index in gone:
        now = _without(now, table, index["IndexName"], wanted)
        after.append(Step(f"without index {index['IndexName']} of {table}", table, _copy(now)))
    return Steps(tuple(before), release, tuple(after))


def wait_filled(dynamodb: Any, tables: list[str], say: Say, sleep: Sleep) -> None:
    """Wait until each index of these tables can be asked."""
    for _ in range(_POLLS):
        waiting = [
            f"{table}/{index['IndexName']}"
            for table in tables
            for index in dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
            if index.get("IndexStatus", "ACTIVE") != "ACTIVE"
        ]
        if not waiting:
            return
        say(f"  waits until AWS has filled {', '.join(waiting)}")
        sleep(_POLL_S)
    raise Refused("an index is not filled after six hours; AWS goes on. Deploy again when it is")


def _missing(here: Template, there: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Indexes that tables of one template have and the same tables of another have not."""
    for name, resource in here["Resources"].items():
        other = there["Resources"].get(name)
        if resource["Type"] != _TABLE or other is None:
            continue
        known = {index["IndexName"]: index for index in _indexes(other)}
        for index in _indexes(resource):
            if (same := known.get(index["IndexName"])) is None:
                yield name, index
            elif same != index:
                raise Refused(
                    f"index {index['IndexName']} of {name} has changed; AWS wants a new name for a changed index"
                )


def _indexes(table: dict[str, Any]) -> list[dict[str, Any]]:
    return list(table["Properties"].get("GlobalSecondaryIndexes", []))


def _with(template: Template, table: str, index: dict[str, Any], source: Template) -> Template:
    properties = template["Resources"][table]["Properties"]
    properties["GlobalSecondaryIndexes"] = [*properties.get("GlobalSecondaryIndexes", []), index]
    _define(properties, source["Resources"][table]["Properties"]["AttributeDefinitions"])
    return template


def _without(template: Template, table: str, index: str, wanted: Template) -> Template:
    template = _copy(template)
    properties = template["Resources"][table]["Properties"]
    left = [one for one in properties["GlobalSecondaryIndexes"] if one["IndexName"] != index]
    properties["GlobalSecondaryIndexes"] = left
    if not left:
        del properties["GlobalSecondaryIndexes"]
    _define(properties, wanted["Resources"][table]["Properties"]["AttributeDefinitions"])
    return template


def _define(properties: dict[str, Any], more: list[dict[str, str]]) -> None:
    """Define the attributes that keys name, and no other: AWS refuses either way."""
    known = {row["AttributeName"]: row for row in (*more, *properties["AttributeDefinitions"])}
    keyed = {
        key["AttributeName"]
        for keys in (
            properties["KeySchema"],
            *(one["KeySchema"] for one in properties.get("GlobalSecondaryIndexes", [])),
        )
        for key in keys
    }
    properties["AttributeDefinitions"] = [known[name] for name in sorted(keyed)]


def _copy(template: Template) -> Template:
    copied: Template = json.loads(json.dumps(template))
    return copied
