"""What a person said about being written to: to a channel, kept in their contact's consent; and the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.consent import SOURCE, purpose
from chalicelib.ports.clock import from_rfc3339, rfc3339
from chalicelib.tables.contact_rows import CONSENT, ContactBusy, ContactRow, resolve, save

_ROUNDS = 8
_MOST_WHY = 200
_BY = "|"


def keep(contact: str, channel: str, *, scope: str, given: bool, why: str, at: int) -> bool:
    """Keep what somebody said at a time (milliseconds) to a channel; False where their contact says so already, or
    something later. Done twice it is kept once, and said to be new each time. True of a contact that was erased.
    """
    name = purpose(scope, channel)
    said = {"given": given, "at": rfc3339(at), "source": SOURCE} | ({"why": why[:_MOST_WHY]} if why else {})
    for _ in range(_ROUNDS):
        row = resolve(contact)
        if row is None:
            return True
        data = dict(row.data)
        consent = dict(data.get("consent", {}))
        before = consent.get(name)
        if before == said:
            return True
        if isinstance(before, dict) and (before.get("given") is given or _time(before) > at):
            return False
        if save(row, data | {"consent": consent | {name: said}}, now_ms=at) is not None:
            return True
    raise ContactBusy(contact)


def history(contacts: Sequence[str], *, before: str, limit: int) -> list[ContactRow]:
    """What was said of consent in contacts that are one person, the newest first; at most so many.

    `before` is a place (`place_of`), empty: from the newest on. A query for each contact.
    """
    found: list[ContactRow] = []
    for contact in contacts:
        upto = before.partition(_BY)[0] if before else f"{CONSENT}~"
        within = ContactRow.item.between(CONSENT, upto)
        rows = ContactRow.query(contact, within, scan_index_forward=False, limit=limit + 1, consistent_read=True)
        found += [row for row in rows if not before or place_of(row) < before]
    return sorted(found, key=place_of, reverse=True)[:limit]


def place_of(row: ContactRow) -> str:
    """Where something stands in the history."""
    return f"{row.item}{_BY}{row.id}"


def _time(said: dict[str, Any]) -> int:
    """When something was said; 0 where nobody knows."""
    try:
        return from_rfc3339(str(said.get("at")))
    except ValueError:
        return 0
