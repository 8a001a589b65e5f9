"""What a subscription is told: a platform event, its message read when the delivery is made."""

from __future__ import annotations

from typing import Any

from chalicelib.domain import platform_event as events
from chalicelib.domain.notice import Notice
from chalicelib.domain.outcome import outcome_data
from chalicelib.domain.platform_event import MESSAGE_CREATED, MESSAGE_STATUS, TRIGGER_COMPLETED, TRIGGER_FAILED
from chalicelib.ports import clock
from chalicelib.tables import media_links, messages


def payload(notice: Notice, *, context: dict[str, Any] | None) -> dict[str, Any] | None:
    """The body of a platform event; None where what it is about has been erased since."""
    data = _data(notice)
    if data is None:
        return None
    if context is not None:
        data["context"] = context
    return events.payload(notice.event, at=clock.rfc3339(notice.at), data=data)


def _data(notice: Notice) -> dict[str, Any] | None:
    if notice.event in (TRIGGER_COMPLETED, TRIGGER_FAILED):
        return outcome_data(notice, trigger=notice.channel)
    if notice.event not in (MESSAGE_CREATED, MESSAGE_STATUS):
        return _of_note(notice) if notice.event == events.HANDOVER_FAILED and notice.message else dict(notice.data)
    row = messages.get(notice.thread, notice.seq)
    if row is None:
        return None
    message = media_links.public_message(messages.of_row(row))
    data = events.message_data(message, rfc3339=clock.rfc3339, status=notice.status)
    # The error of the state that is told, not of one that came after.
    return data | ({"error": notice.error} if notice.error else {})


def _of_note(notice: Notice) -> dict[str, Any] | None:
    row = messages.get(notice.thread, notice.seq)
    return events.never_offered_data(messages.of_row(row)) if row is not None else None
