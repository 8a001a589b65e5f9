"""What a change set would do, in words, before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

HOLDS = {
    "AWS::DynamoDB::Table": "its rows",
    "AWS::S3::Bucket": "its files",
    "AWS::KMS::Key": "the secrets that it sealed",
    "AWS::SQS::Queue": "the messages that wait in it",
    "AWS::Backup::BackupVault": "its copies",
}
"""Kinds of resources that hold something, and what."""
_MARKS = {"Add": "+", "Import": "+", "Modify": "~", "Remove": "-", "Dynamic": "?"}
_ALIKE = 3
"""Changes that are the same but for the name are listed up to so many, and counted beyond."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a resource."""

    action: str
    name: str
    kind: str
    physical: str = ""
    replaced: str = "False"
    """"True", "False" or "Conditional", as CloudFormation has it."""
    properties: tuple[str, ...] = ()

    @property
    def loses(self) -> str:
        """What is lost by it; "" where nothing is."""
        gone = self.action == "Remove" or self.replaced == "True"
        return HOLDS.get(self.kind, "") if gone else ""

    def line(self, more: int = 0) -> str:
        """The change in a line; with how many more there are like it."""
        what = {"True": " REPLACED", "Conditional": " perhaps replaced"}.get(self.replaced, "")
        about = f" ({', '.join(self.properties)})" if self.properties else ""
        name = f"{more + 1} of them" if more else self.physical or self.name
        return f"  {_MARKS.get(self.action, '?')} {self.kind:<32} {name}{what}{about}"


def read(cloudformation: Any, change_set: str) -> tuple[Change, ...]:
    """All changes of a change set."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    rows = [row["ResourceChange"] for page in pages for row in page.get("Changes", []) if "ResourceChange" in row]
    return tuple(
        Change(
            action=row["Action"],
            name=row["LogicalResourceId"],
            kind=row["ResourceType"],
            physical=row.get("PhysicalResourceId", ""),
            replaced=row.get("Replacement", "False"),
            properties=_properties(row.get("Details", [])),
        )
        for row in rows
    )


def shown(changes: Sequence[Change]) -> list[str]:
    """Lines for a person: what is lost first, then what is replaced, removed, made and changed; many alike in one."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for one in changes:
        own = one.name if one.loses or one.replaced == "True" or one.action == "Remove" else ""
        alike.setdefault((one.action, one.kind, one.replaced, one.properties, own), []).append(one)
    lines: list[tuple[tuple[object, ...], str]] = []
    for group in alike.values():
        first = group[0]
        rank = (not first.loses, first.replaced != "True", _rank(first.action), first.kind)
        if len(group) > _ALIKE:
            lines.append((rank, first.line(len(group) - 1)))
        else:
            lines += [(rank, one.line()) for one in group]
    return [line for _, line in sorted(lines, key=lambda row: row[0])]


def lost(changes: Iterable[Change]) -> list[str]:
    """What would be lost, in words."""
    return [f"{one.physical or one.name} with {one.loses}" for one in changes if one.loses]


def _rank(action: str) -> int:
    return ("Remove", "Dynamic", "Import", "Add", "Modify").index(action) if action in _MARKS else 0


def _properties(details: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    names = {str(one["Target"].get("Name") or one["Target"].get("Attribute")) for one in details if "Target" in one}
    return tuple(sorted(names))
