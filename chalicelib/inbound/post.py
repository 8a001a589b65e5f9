"""One POST of a bot or desk: whose conversations it is about, and what it is answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.event import Event
from chalicelib.domain.message import Content
from chalicelib.domain.thread import Thread, message_id, parse_conversation_id
from chalicelib.ports import clock, ids
from chalicelib.ports.web import Problem
from chalicelib.tables import latest, receipts, threads
from chalicelib.tables.config import Resource


@dataclass(slots=True)
class Post:
    """A POST of one or several events by one party."""

    party: Resource
    key: str = ""
    """Idempotency-Key of the call: makes a repeat of the whole call harmless."""
    trace: str = field(default_factory=lambda: ids.new("tc"))
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """(JSON pointer, message) of what was ignored."""
    _threads: dict[str, Thread | None] = field(default_factory=dict)

    def thread(self, conversation: str, index: int, mine: Callable[[Thread, int], bool]) -> tuple[Thread, int]:
        """The thread of a conversation and the conversation's number; Problem 404 where it cannot be the party's.

        `mine` says whether the party may speak in it. Who may not as the thread stands, perhaps heard of a message so
        quickly that the thread's row is not written yet: then its messages say.
        """
        named = parse_conversation_id(conversation)
        if named is None:
            raise self.unknown(index)
        thread_id, number = named
        if thread_id not in self._threads:
            self._threads[thread_id] = threads.get(thread_id)
        thread = self._threads[thread_id]
        if thread is None or not mine(thread, number):
            thread = self._threads[thread_id] = latest.caught_up(thread_id, thread)
        if thread is None or thread.service != self.party.service:
            raise self.unknown(index)
        return thread, number

    def repeated(self, thread: Thread, said_id: str, index: int) -> tuple[str, bool, bool]:
        """(event id, whether an outsider may repeat it, whether it was done before).

        What was done before is accepted again without a look at whose turn it is by now.
        """
        outside = said_id or (f"key:{self.key}:{index}" if self.key else "")
        id = ids.from_cause("ev", "post", self.party.id, thread.id, outside or ids.new("call"))
        # The thread knows it a moment before its receipt stands.
        return id, bool(outside), bool(outside) and (thread.knows(id) or receipts.has_event(thread.id, id))

    def claim(self, given: Any) -> None:
        """Have the call's key stand for what was posted; Problem 409 where it already stands for something else."""
        if not self.key:
            return
        key, body = (
            hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in (self.key, _spelled(given))
        )
        if not receipts.claim(self.party.id, key, body, now_ms=clock.now_ms()):
            raise Problem(409, "idempotency_conflict", "the Idempotency-Key was used for another request")

    def not_open(self, thread: Thread, number: int, index: int) -> Problem:
        """410 for a conversation of the party's that is closed, 404 for any other."""
        conversation = threads.get_conversation(thread.id, number)
        if conversation is None or conversation.party != self.party.id:
            return self.unknown(index)
        return Problem(410, "conversation_closed", "the conversation is closed", owner=thread.owner or None)

    def unknown(self, index: int) -> Problem:
        """404 for a conversation that the party does not have."""
        kind, at = self.party.kind, f"/{index}/conversation_id"
        return Problem(404, "unknown_conversation", f"the {kind} has no such conversation", errors=[(at, "unknown")])

    def event(
        self, thread: Thread, id: str, kind: str, body: dict[str, Any], *, content: Content | None, once: bool
    ) -> Event:
        """The event of a thread that came of it."""
        if content is not None:
            body = body | {"content": content.plain(), "message_id": message_id(thread.id, id)}
        return Event(
            id=id,
            kind=kind,
            service=thread.service,
            channel=thread.channel,
            channel_kind=thread.channel_kind,
            address=thread.address,
            thread=thread.id,
            at=clock.now_ms(),
            body=body,
            once=once,
            trace=self.trace,
        )


def _spelled(given: Any) -> str:
    """JSON so that the order of its members and its blanks make no difference."""
    return json.dumps(given, sort_keys=True)


def refuse(problems: Sequence[tuple[str, str]], *, too_large: bool) -> None:
    """Problem 422 (413 where a text is too large) if anything was wrong with what was posted."""
    if problems:
        status, code = (413, "too_large") if too_large else (422, "wrong_fields")
        raise Problem(status, code, "; ".join(f"{at}: {why}" for at, why in problems[:5]), errors=problems)


def accepted(post: Post, events: Sequence[Event], *, several: bool) -> dict[str, Any]:
    """What the party is answered: for one event its id, for an array `{"status", "events": [...]}`; in both `warnings`
    where members of it were ignored."""
    answers = [
        {
            "message_id" if "message_id" in event.body else "event_id": event.body.get("message_id", event.id),
            "conversation_id": event.body["conversation"],
            "status": "accepted",
        }
        for event in events
    ]
    told: dict[str, Any] = {"warnings": [{"path": at, "message": why} for at, why in post.warnings]}
    return ({"status": "accepted", "events": answers} if several else answers[0]) | (told if post.warnings else {})
