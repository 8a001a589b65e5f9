"""Reading messages of a conversation, the newest first."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api import conversations, cursors
from chalicelib.api.fields import Fields, body, invalid
from chalicelib.api.front import Answer, Call
from chalicelib.domain.message import Message
from chalicelib.domain.thread import Conversation, thread_of_message
from chalicelib.domain.view import message_view
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import messages, numbers, places, threads

_WITHIN = 1000
"""How far back in a thread a message is looked for by its id."""


class MessagesList(Fields):
    """What `messages.list` takes."""

    conversation_id: Annotated[str, Field(max_length=60)]
    cursor: Annotated[str, Field(max_length=4096)] | None = None
    page_size: Annotated[int, Field(ge=1, le=cursors.MAX_LIMIT)] = cursors.DEFAULT_LIMIT


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}` of `?conversation_id=`."""
    conversation = call.query.get("conversation_id")
    if not conversation:
        raise invalid([("/conversation_id", "is needed")])
    found = conversations.find(call, conversation)
    page = _page(found, cursors.limit_of(call), cursors.place_of(call, of=found.id))
    return Answer(200, page)


def one(call: Call) -> Answer:
    """The message; of one thread only the last thousand are found by their id."""
    thread = thread_of_message(call.id)
    found = messages.find(thread, call.id, within=_WITHIN) if thread else None
    if found is None:
        raise Problem(404, "not_found", f"there is no message {call.id[:60]!r}")
    call.caller.need_service(found.service)
    return Answer(200, _view(found))


def airy_listing(call: Call) -> Answer:
    """The same by POST, with `pagination_data` as Airy's messages.list has it: `previous_cursor` is the one given."""
    wanted = body(call, MessagesList)
    found = conversations.find(call, wanted.conversation_id)
    place = cursors.decode(wanted.cursor, of=found.id) if wanted.cursor else ""
    if not isinstance(place, str):
        raise cursors.bad_cursor()
    page = _page(found, wanted.page_size, place)
    pagination = {
        "previous_cursor": wanted.cursor,
        "next_cursor": page["next_cursor"],
        "total": total(found),
    }
    return Answer(200, {"data": page["data"], "pagination_data": pagination})


def _page(found: Conversation, limit: int, place: str) -> dict[str, Any]:
    if place and not (place.isascii() and place.isdigit() and len(place) <= 20):
        raise cursors.bad_cursor()
    before = int(place) if place else None

    def rows(most: int) -> list[Message]:
        return numbers.of_conversation(
            found.thread, found.id, first=found.first, last=found.last, before=before, limit=most
        )

    return cursors.page(rows, limit=limit, of=found.id, place=lambda one: str(one.seq), show=_view)


def _view(message: Message) -> dict[str, Any]:
    return message_view(places.public_message(message), at=rfc3339(message.sent_at))


def total(found: Conversation) -> int:
    """How many messages a conversation has: counted by its thread while it is open."""
    if found.messages:
        return found.messages
    thread = threads.get(found.thread)
    return thread.counts.get(str(found.number), 0) if thread else 0
