"""How each rule of a service was before it changed, and what it became: table `audit`, a partition of its own.

An entry is written in the transaction of the change. Where several rules change together it holds as many as are small
enough, as a transaction takes a hundred items; a large one has an entry of its own, so that it always fits. The rules
of an earlier time are those that stand, with what changed since taken back. They lie in no partition of `config`:
`converse` reads all of a service there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from chalicelib.ports import ids
from chalicelib.tables.audit import AuditEntry

MOST_BYTES = 150_000
"""Of changes in one entry; DynamoDB takes 400 kB."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule made, changed or removed."""

    id: str
    before: dict[str, Any] | None
    """Its fields; None where there was none."""
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Version:
    """What was changed together."""

    at: int
    """Milliseconds since the epoch: its number, too."""
    actor: str
    changes: tuple[RuleChange, ...]


def entries(service: str, *, at: int, actor: str, action: str, changes: Sequence[RuleChange]) -> Iterator[AuditEntry]:
    """Entries that are not written yet: they go into the transaction of the changes. `at` is the version's.

    One of several rules is about the service, and a reader that does not know `rules` finds nothing in it."""
    for some in _packed(changes):
        (first, *others) = [{"before": one.before, "after": one.after} for one in some]
        rules = [{"id": one.id, "before": one.before, "after": one.after} for one in some]
        yield AuditEntry(
            service=_partition(service),
            id=f"{at:013d}.{ids.new('au')}",
            at=at,
            actor=actor,
            action=action,
            subject=service if others else some[0].id,
            change={"rules": rules} if others else first,
        )


def size(change: RuleChange) -> int:
    """How large a change is in the table, about, in bytes."""
    return len(json.dumps([change.id, change.before, change.after], ensure_ascii=False).encode())


def _packed(changes: Sequence[RuleChange]) -> Iterator[list[RuleChange]]:
    some, large = list[RuleChange](), 0
    for one in changes:
        if some and large + size(one) > MOST_BYTES:
            yield some
            some, large = [], 0
        some.append(one)
        large += size(one)
    if some:
        yield some


def newest(service: str, *, limit: int, before: int = 0) -> list[Version]:
    """The last versions of a service's rules from before one, the newest first."""
    condition = AuditEntry.id < _first(before) if before else None
    return list(islice(_versions(AuditEntry.query(_partition(service), condition, **_BACKWARDS)), limit))


def since(service: str, version: int, *, most: int) -> list[Version] | None:
    """The versions from one on, that one included, the newest first; None where they are more than `most` changes."""
    rows = list(AuditEntry.query(_partition(service), AuditEntry.id >= _first(version), limit=most + 1, **_BACKWARDS))
    return list(_versions(iter(rows))) if len(rows) <= most else None


def taken_back(rules: dict[str, dict[str, Any]], versions: list[Version], *, to: int) -> dict[str, dict[str, Any]]:
    """The rules (id -> fields) as they were after version `to`: those that stand, without what later `versions` did,
    newest first. What was read must be older than the versions that were read."""
    found = dict(rules)
    for version in versions:
        for change in version.changes if version.at > to else ():
            if change.before is None:
                found.pop(change.id, None)
            else:
                found[change.id] = change.before
    return found


_BACKWARDS: dict[str, Any] = {"scan_index_forward": False, "consistent_read": True}


def _versions(found: Iterator[AuditEntry]) -> Iterator[Version]:
    for at, together in groupby(found, key=lambda row: int(row.at)):
        rows = list(together)
        yield Version(at, str(rows[0].actor), tuple(change for row in rows for change in _of(row)))


def _of(row: AuditEntry) -> Iterator[RuleChange]:
    change = row.change or {}
    for one in change.get("rules", [change]):
        yield RuleChange(str(one.get("id", row.subject)), one.get("before"), one.get("after"))


def _first(version: int) -> str:
    return f"{version:013d}."


def _partition(service: str) -> str:
    return f"rules#{service}"
