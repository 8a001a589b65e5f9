"""The event in which a user says something, by what caused it: known before it is there, and the same again."""

from __future__ import annotations

from chalicelib.domain.thread import message_id
from chalicelib.ports import ids


def event_id(thread: str, cause: str) -> str:
    """The event's id; `cause` is the provider's id of the message."""
    return ids.from_cause("ev", "said", thread, cause)


def message_of(thread: str, cause: str) -> str:
    """The id of the event's message."""
    return message_id(thread, event_id(thread, cause))
