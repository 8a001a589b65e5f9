"""Reading messages of a conversation, the newest first."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api import conversations, cursors
from chalicelib.api.fields import Fields, body, invalid
from chalicelib.api.front import Answer, Call
from chalicelib.domain.view import message_view
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import places, together
from chalicelib.tables.messages import MessageRow, of_row


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
    page = _page(found.id, cursors.limit_of(call), cursors.place_of(call, of=found.id))
    return Answer(200, page)


def airy_listing(call: Call) -> Answer:
    """The same by POST, with `pagination_data` as Airy's messages.list has it: `previous_cursor` is the one given."""
    wanted = body(call, MessagesList)
    found = conversations.find(call, wanted.conversation_id)
    place = cursors.decode(wanted.cursor, of=found.id) if wanted.cursor else ""
    if not isinstance(place, str):
        raise cursors.bad_cursor()
    page = _page(found.id, wanted.page_size, place)
    pagination = {
        "previous_cursor": wanted.cursor,
        "next_cursor": page["next_cursor"],
        "total": MessageRow.by_conversation.count(found.id),
    }
    return Answer(200, {"data": page["data"], "pagination_data": pagination})


def _page(conversation: str, limit: int, place: str) -> dict[str, Any]:
    def rows(most: int) -> Any:
        before = MessageRow.position < place if place else None
        return MessageRow.by_conversation.query(conversation, before, scan_index_forward=False, limit=most)

    page = cursors.page(
        rows, limit=limit, of=conversation, place=lambda row: str(row.position), show=lambda row: (row.thread, row.seq)
    )
    # The index holds keys alone; the messages are read as they stand now.
    keys = [(MessageRow, str(thread), str(int(seq))) for thread, seq in page["data"]]
    found = [of_row(row) for row in (together.get_all(keys) if keys else []) if row is not None]
    views = [message_view(places.public_message(one), at=rfc3339(one.sent_at)) for one in found]
    return page | {"data": views}
