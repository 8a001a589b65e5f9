"""A contact's messages across channels and sources in one row, the newest first."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from chalicelib.api.conversations import persons
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.routes import AGENT
from chalicelib.domain.message import Message
from chalicelib.domain.view import message_view
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import history, media_links
from chalicelib.tables.links import CONVERSATION, THREAD

_SHORT = slice(3, 11)
"""Enough of a thread's id (40 bits) to tell a person's threads apart in a cursor."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}` of a contact's messages, with the channel of each. `?sources=` and `?types=` are lists
    with commas; with types a page may be short and still have a next one."""
    sources, types = _words(call, "sources"), _words(call, "types")
    limit, cursor = cursors.limit_of(call), call.query.get("cursor")
    notes = call.caller.may(AGENT)
    found, following = page(call, call.id, limit=limit, cursor=cursor, sources=sources, types=types, notes=notes)
    return Answer(
        200, {"data": [view(message) | {"channel_id": message.channel} for message in found], "next_cursor": following}
    )


def page(
    call: Call,
    contact: str,
    *,
    limit: int,
    cursor: str | None,
    sources: Collection[str] = (),
    types: Collection[str] = (),
    notes: bool = False,
) -> tuple[list[Message], str | None]:
    """(a contact's messages, newest first; the cursor of the next page). The cursor says of each thread how far it was
    come, so what is said meanwhile moves nothing, and an event that comes late is met on the way back."""
    whole = persons.find(call, contact, THREAD, CONVERSATION)
    of = f"timeline {whole.id} {sorted(sources)} {sorted(types)}"
    come = _come(cursors.decode(cursor, of=of)) if cursor else {}
    tails = history.at_once(
        [
            partial(history.tail, link, before=come.get(link.thread[_SHORT]), limit=limit + 1, types=types, notes=notes)
            for link in history.latest_threads(whole, sources)
        ]
    )
    found, reached, more = history.merged(tails, limit=limit)
    come |= {thread[_SHORT]: seq for thread, seq in reached.items()}
    return found, cursors.encode(come, of=of) if more else None


def _come(given: Any) -> dict[str, int]:
    if not isinstance(given, dict) or not all(type(seq) is int and 0 <= seq < 10**16 for seq in given.values()):
        raise cursors.bad_cursor()
    return given


def _words(call: Call, name: str) -> set[str]:
    return {word.strip() for word in call.query.get(name, "").split(",") if word.strip()}


def view(message: Message) -> dict[str, Any]:
    """A message as it is answered."""
    return message_view(media_links.public_message(message), at=rfc3339(message.sent_at))
