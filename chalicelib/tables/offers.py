"""The choices that an answer is about, where its thread does not keep them."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.choosing import asked_of, offer
from chalicelib.domain.event import CUSTOMER_MESSAGE, Event
from chalicelib.domain.message import Content
from chalicelib.domain.thread import Thread
from chalicelib.tables import messages


def with_choices(event: Event, thread: Thread | None) -> Event:
    """The event with the choices that it is about: they were too many to be kept, or an older message's button was
    pressed, which says which. All others come back as they are, and nothing is read for them."""
    if event.kind != CUSTOMER_MESSAGE or thread is None or event.body.get("echo"):
        return event
    seq = asked_of(Content.of(event.body["content"]), thread.offered, at=event.at)
    # What was said up to there was said to somebody else.
    theirs = max(thread.left.get("upto", 0), thread.erased.get("upto", 0))
    row = messages.get(event.thread, seq) if seq > theirs else None
    if row is None:
        return event
    said = messages.of_row(row)
    at = thread.offered.get("at", 0)
    found = offer(said.content, seq=seq, at=at, most_bytes=None) if said.direction == "out" else {}
    return replace(event, body=event.body | {"offered": found}) if found else event
