"""That two contacts may be one person: kept with both, for a person to merge them, or to say that they are two.

An event that names identities of two contacts says that they are the same; but phones are shared and addresses are
mistyped, and what was said by one must not be read by the other. So nothing is merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.tables.contact_rows import ContactBusy, ContactRow, copied, resolve_all, stands
from chalicelib.tables.writes import committed, rounds, transaction

MOST = 10
"""Suggestions that a contact keeps; a phone that a whole village shares must not fill its row."""
MOST_DISMISSED = 100
"""Contacts that it is kept not to be; who was dismissed first is forgotten first, and perhaps suggested once more."""


def suggest(row: ContactRow, other: ContactRow, *, because: Sequence[str], now_ms: int) -> ContactRow | None:
    """The contact, with the suggestion that the other is the same because an event named its identities of the kinds
    `because` too; None where one of them changed meanwhile. Made once, it is not written again, nor where it was
    dismissed for each of these kinds."""
    if any(str(other.id) == one["contact_id"] for one in row.maybe_same or ()):
        return row
    dismissed = {kind for one in (*_dismissed(row, other), *_dismissed(other, row)) for kind in one["because"]}
    kind = next((kind for kind in because if kind not in dismissed), None)
    if kind is None or MOST in (len(row.maybe_same or ()), len(other.maybe_same or ())):
        return row
    writes = transaction()
    changed = _put(writes, row, now_ms, maybe_same=_and(row, other, kind))
    _put(writes, other, now_ms, maybe_same=_and(other, row, kind))
    return changed if committed(writes) else None


def dismiss(contact: str, other: str, *, now_ms: int) -> tuple[ContactRow | None, bool]:
    """Take back that two contacts may be the same, at both, and keep for which kinds of identity it is not to be
    suggested again; (the contact, whether it was suggested), or None for the contact where they are one by now, or one
    of them is nobody. ContactBusy where they change again and again."""
    for _ in rounds():
        people = resolve_all([contact, other])
        if len(people) < len({contact, other}) or people[contact].id == people[other].id:
            return None, False
        row, away = people[contact], people[other]
        kinds = [one["because"] for mine, theirs in ((row, away), (away, row)) for one in _suggested(mine, theirs)]
        if not kinds:
            return row, False
        writes = transaction()
        changed = _put(writes, row, now_ms, **_but(row, away, kinds))
        _put(writes, away, now_ms, **_but(away, row, kinds))
        if committed(writes):
            return changed, True
    raise ContactBusy(contact)


def _suggested(row: ContactRow, other: ContactRow) -> list[dict[str, str]]:
    """Suggestions of a contact that are of another, or of whom that has absorbed."""
    return [one for one in row.maybe_same or () if one["contact_id"] in _ids(other)]


def _dismissed(row: ContactRow, other: ContactRow) -> list[dict[str, Any]]:
    return [one for one in row.not_same or () if one["contact_id"] in _ids(other)]


def _ids(row: ContactRow) -> set[str]:
    return {str(row.id), *(row.absorbed or ())}


def _and(row: ContactRow, other: ContactRow, kind: str) -> list[dict[str, str]]:
    known = [one for one in row.maybe_same or () if one["contact_id"] != str(other.id)]
    return [*known, {"contact_id": str(other.id), "because": kind}]


def _but(row: ContactRow, other: ContactRow, kinds: Sequence[str]) -> dict[str, Any]:
    """What a contact keeps once the other is dismissed for some kinds, and for those that it was before."""
    gone, before = _suggested(row, other), _dismissed(row, other)
    because = sorted({*kinds, *(kind for one in before for kind in one["because"])})
    kept = [one for one in row.not_same or () if one not in before]
    return {
        "maybe_same": [one for one in row.maybe_same or () if one not in gone] or None,
        "not_same": [*kept, {"contact_id": str(other.id), "because": because}][-MOST_DISMISSED:],
    }


def _put(writes: Any, row: ContactRow, now_ms: int, **changes: Any) -> ContactRow:
    changed = copied(row, **changes, updated_at=now_ms, version=int(row.version or 0) + 1)
    writes.save(changed, condition=stands(row))
    return changed


def views(rows: Iterable[ContactRow]) -> dict[str, list[dict[str, str]]]:
    """Contact -> its suggestions as they are now: of contacts that stand, without those that were merged into one with
    it or erased. One round of reads where there are any."""
    kept = {str(row.id): list(row.maybe_same) for row in rows if row.maybe_same}
    people = resolve_all(one["contact_id"] for some in kept.values() for one in some) if kept else {}
    found: dict[str, list[dict[str, str]]] = {}
    for id, some in kept.items():
        standing = {str(people[one["contact_id"]].id): one["because"] for one in some if one["contact_id"] in people}
        found[id] = [{"contact_id": other, "because": why} for other, why in standing.items() if other != id]
    return found
