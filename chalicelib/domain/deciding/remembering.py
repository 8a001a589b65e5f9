"""A message of before, as rules would be asked about it: what they may speak of, as it was when it came in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.deciding.routing import MESSAGE, message_facts
from chalicelib.domain.event import CUSTOMER_MESSAGE, Event
from chalicelib.domain.message import Message
from chalicelib.domain.notice import CHANGES, CONSENTS
from chalicelib.domain.thread import DESK, Thread, message_id, with_state

_MOST_OF_AN_EVENT = 20
_TOLD = (*CHANGES, *CONSENTS)
"""Names of events that are told to who has the thread, and ask nobody."""


def place_in_event(said: Message) -> int:
    """Which of its event's messages it is, from 0: what was said and what happened with it are numbered in one row."""
    places = range(_MOST_OF_AN_EVENT)
    return next((n for n in places if message_id(said.thread, said.event, n) == said.id), 0)


def rules_were_asked(said: Message, after: dict[str, Any]) -> bool:
    """Whether a rule decided about a message, and no desk had the thread. `after` is the thread's state after it: where
    a desk has it since, and a hand-over precedes in the same event, a rule gave it to the desk."""
    if said.author.kind != "user" or said.direction != "in" or said.content.details.get("name") in _TOLD:
        return False
    return after.get("owner") != DESK or place_in_event(said) > 0


def facts_of(
    said: Message,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    timezone: str,
    contact: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What a condition may speak of about a message that was said. `before` and `after` are the thread's state around
    it, `before` {} where it was the first or nobody asks; `contact` what is known of the person now: attributes and
    tags of then are not kept."""
    thread = Thread(said.thread, said.service, said.channel, said.channel_kind, said.address)
    if before:
        thread = with_state(thread, before, event="")
    # Who writes is known before a rule is asked.
    thread = replace(thread, contact=after.get("contact", {}))
    event = Event(
        id=said.event, kind=CUSTOMER_MESSAGE, service=said.service, channel=said.channel,
        channel_kind=said.channel_kind, address=said.address, thread=said.thread, at=said.sent_at, body={},
    )  # fmt: skip
    facts = message_facts(event, thread, said.content, timezone=timezone, contact=contact, said=said)
    facts["event"] = {"type": MESSAGE}
    return facts
