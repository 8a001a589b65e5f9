"""That two contacts may be one person: kept with both, for a person to merge them.

An event that names identities of two contacts says that they are the same; but phones are shared and addresses are
mistyped, and what was said by one must not be read by the other. So nothing is merged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.tables.contact_rows import ContactRow, copied, resolve_all, stands
from chalicelib.tables.writes import committed, transaction

MOST = 10
"""Suggestions that a contact keeps; a phone that a whole village shares must not fill its row."""


def suggest(row: ContactRow, other: ContactRow, *, because: str, now_ms: int) -> ContactRow | None:
    """The contact, with the suggestion that the other is the same because an event named its identity of the kind
    `because` too; None where one of them changed meanwhile. Made once, it is not written again."""
    if any(str(other.id) == one["contact_id"] for one in row.maybe_same or ()):
        return row
    if MOST in (len(row.maybe_same or ()), len(other.maybe_same or ())):
        return row
    writes = transaction()
    changed = _put(writes, row, str(other.id), because, now_ms)
    _put(writes, other, str(row.id), because, now_ms)
    return changed if committed(writes) else None


def _put(writes: Any, row: ContactRow, other: str, because: str, now_ms: int) -> ContactRow:
    known = [*(one for one in row.maybe_same or () if one["contact_id"] != other)]
    more = [*known, {"contact_id": other, "because": because}]
    version = int(row.version or 0) + 1
    changed = copied(row, maybe_same=more, updated_at=now_ms, version=version)
    writes.save(changed, condition=stands(row))
    return changed


def shown(rows: Iterable[ContactRow]) -> dict[str, list[dict[str, str]]]:
    """Contact -> its suggestions as they are now: of contacts that stand, without those that were merged into one with
    it or erased. One round of reads where there are any."""
    kept = {str(row.id): list(row.maybe_same) for row in rows if row.maybe_same}
    people = resolve_all(one["contact_id"] for some in kept.values() for one in some) if kept else {}
    found: dict[str, list[dict[str, str]]] = {}
    for id, some in kept.items():
        standing = {str(people[one["contact_id"]].id): one["because"] for one in some if one["contact_id"] in people}
        found[id] = [{"contact_id": other, "because": why} for other, why in standing.items() if other != id]
    return found
