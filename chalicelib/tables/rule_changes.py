"""How each rule of a service was before it changed, and what it became: table `audit`, a partition of its own.

An entry is written in the transaction of the change, one for each rule that it changes, so it is as large as one rule
however many a service has. The rules of an earlier time are those that stand, with what changed since taken back. They
lie in no partition of `config`: `converse` reads all of a service there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from chalicelib.ports import ids
from chalicelib.tables.audit import AuditEntry


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


def entry(service: str, *, at: int, actor: str, action: str, change: RuleChange) -> AuditEntry:
    """An entry that is not written yet: it goes into the transaction of the change. `at` is the version's."""
    return AuditEntry(
        service=_partition(service),
        id=f"{at:013d}.{ids.new('au')}",
        at=at,
        actor=actor,
        action=action,
        subject=change.id,
        change={"before": change.before, "after": change.after},
    )


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


def _versions(rows: Iterator[AuditEntry]) -> Iterator[Version]:
    for at, together in groupby(rows, key=lambda row: int(row.at)):
        entries = list(together)
        changes = tuple(
            RuleChange(str(row.subject), *((row.change or {}).get(name) for name in ("before", "after")))
            for row in entries
        )
        yield Version(at, str(entries[0].actor), changes)


def _first(version: int) -> str:
    return f"{version:013d}."


def _partition(service: str) -> str:
    return f"rules#{service}"
