"""Events of other systems as messages: each stands at its own time, and nobody has to answer."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import Author, Content
from chalicelib.domain.thread import OPEN, SOURCE, Conversation, conversation_id

_A_MS = 1000
"""Numbers for the events of one millisecond."""


def source_event(turn: Turn) -> None:
    """Keep an event of a source under the number that its time gives it; late ones stand where they belong."""
    event, thread = turn.event, turn.thread
    contact = event.body.get("contact")
    if contact and contact != thread.contact:
        thread = replace(thread, contact=contact)
    if not thread.conversations:
        thread = replace(thread, conversations=1)
        turn.conversations.append(
            Conversation(
                thread=thread.id,
                number=1,
                service=thread.service,
                kind=SOURCE,
                party=thread.channel,
                state=OPEN,
                opened_at=event.at,
                contact=thread.contact.get("id", ""),
                channel=thread.channel,
                source=event.body["source"],
            )
        )
    turn.thread = thread
    sent_at = int(event.body["sent_at"])
    turn.say(
        Content.of(event.body["content"]),
        author=Author("event", thread.channel),
        direction="in",
        conversation=conversation_id(thread.id, 1),
        routes=[],
        seq=number(sent_at, event.id, int(event.body.get("shift", 0))),
        sent_at=sent_at,
    )
    turn.thread = replace(
        turn.thread, first_at=min(thread.first_at or sent_at, sent_at), last_at=max(thread.last_at, sent_at)
    )


def number(sent_at: int, event: str, shift: int = 0) -> int:
    """Number of an event on its source's thread: its time in milliseconds, then a place that comes from its id.

    `shift` moves it on where another event has the same place. The largest stays below 2**53 until the year 2255.
    """
    digest = int.from_bytes(hashlib.sha256(event.encode()).digest()[:4], "big")
    return max(0, sent_at) * _A_MS + (digest + shift) % _A_MS
