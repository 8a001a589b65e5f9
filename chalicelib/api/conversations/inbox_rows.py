"""A row of the inbox as it is answered (`chalicelib/inbox/views.py`)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from chalicelib.api.http.shapes import Person


class LastSaid(BaseModel):
    """The head of what was said last."""

    text: str
    type: str
    by: Literal["user", "bot", "agent", "system"]
    at: str


class InboxAnswer(BaseModel):
    """A chat of a console desk, as its people have it before them."""

    conversation_id: str
    thread_id: str
    service_id: str
    desk_id: str
    contact: Person
    address: str
    channel_id: str
    channel_kind: str
    state: Literal["offered", "accepted", "held", "closed"]
    agent: Person | None
    claimed_by: Person | None
    """Who takes it right now; void after a minute."""
    last: LastSaid | None
    unread: int
    """How much the customer has said since a person last answered, or somebody has seen it; 50 are 50 or more."""
    mentions: list[str]
    """Ids of people whom notes have mentioned, and who have not looked since."""
    waiting_since: str | None
    due_at: str | None
    reason: str | None
    outcome: str | None
    snoozed_until: str | None
    opened_at: str
    changed_at: str
    version: int
    """Raised by each change of the row."""
