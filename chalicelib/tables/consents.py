"""What a person said to a channel about being written to, in their contact's consent."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.consent import SOURCE, purpose
from chalicelib.ports.clock import from_rfc3339, rfc3339
from chalicelib.tables.contact_rows import ContactBusy, resolve, save

_ROUNDS = 8
_MOST_WHY = 200


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


def _time(said: dict[str, Any]) -> int:
    """When something was said; 0 where nobody knows."""
    try:
        return from_rfc3339(str(said.get("at")))
    except ValueError:
        return 0
