"""A web chat's session for who tries a service: a whole chat, over the whole way, of which nothing is counted.

Its thread is marked by an event that stands on its queue before the session is answered, so before the first word.
Cut off in between, a thread without a word is left, which no list shows.
"""

from __future__ import annotations

from pydantic import BaseModel

from chalicelib.api.http.call import Answer, Call
from chalicelib.channels import webchat
from chalicelib.domain.event import TEST_BEGUN, Event, event_queue
from chalicelib.domain.thread import thread_id
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config

KIND = "webchat"


class TestChat(BaseModel):
    """A session that a page of the chat may write under."""

    session: str
    thread_id: str


def begin(call: Call) -> Answer:
    """201 with a new session; 409 `not_tried` where the channel is no web chat."""
    row = config.get("channel", call.id)
    if row is None:
        raise Problem(404, "not_found", f"there is no channel {call.id[:60]!r}")
    service = call.caller.need_service(str(row.service))
    if (row.body or {}).get("kind") != KIND:
        raise Problem(409, "not_tried", "only a web chat is tried from here: its pages make their own visitors")
    session = ids.token(32)
    address = webchat.address_of(session)
    thread = thread_id(str(row.id), address)
    event = Event(
        id=f"test-{thread}",
        kind=TEST_BEGUN,
        service=service,
        channel=str(row.id),
        channel_kind=KIND,
        address=address,
        thread=thread,
        at=clock.now_ms(),
    )
    queues.send(event_queue(event.channel), [Entry(event.plain(), group=thread, dedup=event.id)])
    return Answer(201, {"session": session, "thread_id": thread})
