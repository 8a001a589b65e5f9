"""The recent messages of a contact in all of its conversations: `POST /contacts.recent-messages`.

The wire is Airy's, with what it promised and did not have: `source` in the answer, cursors that are opaque and checked,
`{}` where there is nothing, and a way on beyond the fiftieth conversation.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any

from pydantic import Field, RootModel

from chalicelib.api.conversations import messages, persons
from chalicelib.api.conversations.timeline import view
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import named
from chalicelib.api.http.shapes import MessagesListAnswer
from chalicelib.domain.message import Message
from chalicelib.domain.thread import Thread, parse_conversation_id
from chalicelib.ports import clock
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, conversation_pages, history, threads
from chalicelib.tables.history import Person
from chalicelib.tables.links import CONVERSATION, Link
from chalicelib.tables.threads import ThreadRow

MOST_CONVERSATIONS = 50
MOST_BYTES = 4_000_000
"""Of one answer: Lambda hands over six million, and the answer travels within another JSON text."""
NEXT = "X-Next-Conversations"
_Source = Annotated[str, Field(min_length=1, max_length=100)]
_Sources = Annotated[list[_Source], Field(max_length=50)]
_Named = Annotated[str, Field(min_length=1, max_length=60)]
_Cursor = Annotated[str, Field(max_length=4096), named("cursor")]
# Not in the class, where `cursors` is a field.
_PageSize = Annotated[int, Field(ge=1, le=cursors.MAX_LIMIT)]


class RecentMessages(Fields):
    """What `contacts.recent-messages` takes."""

    contact_id: Annotated[str, Field(min_length=1, max_length=60), named("contact-id")]
    filter_sources: _Sources | None = None
    include_sources: _Sources | None = None
    """The same under the name that Airy's code has; both together are one filter."""
    page_size: _PageSize = cursors.DEFAULT_LIMIT
    cursors: Annotated[dict[_Named, _Cursor], Field(max_length=MOST_CONVERSATIONS)] | None = None
    conversations_cursor: _Cursor | None = None


class RecentOfConversation(MessagesListAnswer):
    """A page of one of a contact's conversations."""

    source: str


class RecentMessagesAnswer(RootModel[dict[str, RecentOfConversation]]):
    """Conversation -> its recent messages."""


def recent(call: Call) -> Answer:
    """The last messages of each of a contact's conversations, those spoken in last first."""
    wanted = body(call, RecentMessages)
    further = _further(call, wanted)
    whole = persons.find(call, wanted.contact_id, CONVERSATION)
    sources = {*(wanted.filter_sources or ()), *(wanted.include_sources or ())}
    links = [link for link in whole.conversations if not sources or link.source in sources]
    if wanted.cursors:
        chosen, before, headers = _named(whole, links, wanted.cursors)
    else:
        chosen, headers = _page(links, further, of=f"conversations {whole.id} {sorted(sources)}")
        before = {}
    return Answer(200, _read(whole, chosen, wanted, before), headers=headers)


def _further(call: Call, wanted: RecentMessages) -> str:
    """The cursor for more conversations, from the query or the body."""
    asked = call.query.get("conversations")
    if asked and wanted.conversations_cursor and asked != wanted.conversations_cursor:
        raise invalid([("/conversations_cursor", "is another one in the query")])
    further = asked or wanted.conversations_cursor or ""
    if further and wanted.cursors:
        raise invalid([("/conversations_cursor", "goes with no cursors of single conversations")])
    return further


def _named(
    whole: Person, links: list[Link], given: dict[str, str]
) -> tuple[list[Link], dict[str, int], dict[str, str]]:
    """The conversations whose cursors were given, and where each goes on."""
    before = {conversation: messages.place_in(conversation, cursor) for conversation, cursor in given.items()}
    if set(given) - {link.conversation for link in whole.conversations}:
        raise cursors.bad_cursor()
    return [link for link in links if link.conversation in before], before, {}


def _page(links: list[Link], further: str, *, of: str) -> tuple[list[Link], dict[str, str]]:
    """A page of conversations, and the header that leads to the next."""
    now = clock.now_ms()
    walk = _walk(cursors.decode(further, of=of)) if further else conversation_pages.begun(now)
    if walk.over(now):
        raise Problem(400, "bad_cursor", "this cursor is too old; begin again without one")
    chosen, following = conversation_pages.step(links, walk, limit=MOST_CONVERSATIONS)
    if following is None:
        return chosen, {}
    place = [following.at, following.place, [one.removeprefix("cv_") for one in following.shown or ()]]
    return chosen, {NEXT: cursors.encode(place, of=of)}


def _walk(given: Any) -> conversation_pages.Walk:
    match given:
        case [int(at), None | [int(), str()] as place, list(shown)] if all(isinstance(one, str) for one in shown):
            return conversation_pages.Walk(
                at, (place[0], place[1]) if place else None, tuple(f"cv_{one}" for one in shown)
            )
    raise cursors.bad_cursor()


def _read(whole: Person, chosen: list[Link], wanted: RecentMessages, before: dict[str, int]) -> dict[str, Any]:
    """One round of reads: the messages of all conversations and the threads that count those that are open."""
    most = wanted.page_size + 1
    counting = sorted({link.thread for link in chosen if not link.last})
    pages = [
        partial(history.of_conversation, link, whole.conversations, before=before.get(link.conversation), limit=most)
        for link in chosen
    ]
    *found, counted = history.at_once([*pages, partial(_threads, counting)])
    views = [[_sized(message) for message in said[: wanted.page_size]] for said in found]
    every = sum(bytes_ for page in views for _, bytes_ in page)
    room = every if every <= MOST_BYTES else MOST_BYTES // len(chosen)
    answers: list[tuple[tuple[int, int, str], str, dict[str, Any]]] = []
    for link, said, page in zip(chosen, found, views, strict=True):
        data = _fitting(page, room)
        following = (
            cursors.encode(str(said[len(data) - 1].seq), of=link.conversation) if len(data) < len(said) else None
        )
        pagination = {
            "previous_cursor": (wanted.cursors or {}).get(link.conversation),
            "next_cursor": following,
            "total": _total(link, counted),
        }
        # Conversations come as one object, whose members are in this order.
        newest = (said[0].sent_at if said else 0, link.touched, link.conversation)
        answers.append(
            (newest, link.conversation, {"source": link.source, "data": data, "pagination_data": pagination})
        )
    return {conversation: answer for _, conversation, answer in sorted(answers, key=lambda one: one[0], reverse=True)}


def _sized(message: Message) -> tuple[dict[str, Any], int]:
    shown = view(message)
    return shown, len(json.dumps(shown, ensure_ascii=False).encode())


def _fitting(page: list[tuple[dict[str, Any], int]], room: int) -> list[dict[str, Any]]:
    """The messages of a page that there is room for, in bytes; at least one."""
    return [shown for at, (shown, _) in enumerate(page) if not at or sum(size for _, size in page[: at + 1]) <= room]


def _threads(ids: list[str]) -> dict[str, Thread]:
    rows = batch_get.get_all([(ThreadRow, id, threads.THREAD) for id in ids]) if ids else []
    return {thread.id: thread for row in rows if (thread := threads.from_row(row))}


def _total(link: Link, counted: dict[str, Thread]) -> int:
    """How many messages a conversation has: counted by its thread while it is open."""
    named = parse_conversation_id(link.conversation)
    thread = counted.get(link.thread)
    return link.messages or (thread.counts.get(str(named[1]), 0) if thread and named else 0)
