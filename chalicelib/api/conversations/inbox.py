"""The inbox: what people at console desks have before them, and how one of them takes a chat.

A claim writes first the inbox's row, on condition that nobody else has the chat or claims it: cut off after it, the
claim lapses after a minute, and the same person's claim again is the same one. Then it puts `chat.accepted` on
`threads.fifo`: its id comes from the conversation and the person, and a chat that is accepted already ignores it.

`announce` takes the claim away as soon as the thread shows who has the chat. Should the queue stand still for more than
that minute, two may be told that the chat is theirs: it is whose event came first, and the row says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.services import is_id, service_of_query
from chalicelib.domain.chat import CONSOLE, Chat
from chalicelib.domain.event import CHAT_ACCEPTED, Event
from chalicelib.domain.thread import DESK, Thread, parse_conversation_id
from chalicelib.inbox.views import row_view
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, beats, config, inbox, latest, threads
from chalicelib.tables.inbox import InboxRow

_MOST_SERVICES = 25
_QUEUE, _MINE, _SNOOZED, _MENTIONS = "queue", "mine", "snoozed", "mentions"


class Seen(Fields):
    """How far somebody has read."""

    sequence: Annotated[int, Field(ge=0, lt=10**10)]
    """Of the last message that they have seen."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}` of `?list=`: `queue` (nobody has them, who waits longest first), `mine`, `snoozed`, or
    `all`: the queue, then each agent's, then those that are put aside; or `mentions`: in whose notes the caller was
    mentioned and has not looked since. Of one desk, or of all that the caller sees."""
    which, limit, me = call.query.get("list") or "all", cursors.limit_of(call), call.caller.who["id"]
    begins = {
        _QUEUE: inbox.QUEUE, _MINE: f"{inbox.AGENT}{me}#", _SNOOZED: inbox.SNOOZED, _MENTIONS: f"{inbox.MENTION}{me}#",
    }  # fmt: skip
    desks, now = _desks(call), clock.now_ms()
    of = f"inbox {which} {me} {' '.join(desks)}"
    after = cursors.place_of(call, of=of)

    def of_desk(desk: str) -> Iterator[InboxRow]:
        rows = inbox.listed(desk, begins.get(which, ""), after=after, page=limit + 1)
        if which == "all":
            return (row for row in rows if not str(row.place).startswith(inbox.MENTION))
        # Whoever claims it has it in a moment, or not at all.
        return (row for row in rows if which != _QUEUE or not inbox.claimed(row, now_ms=now))

    def rows(most: int) -> Iterator[InboxRow]:
        return islice(merge(*(of_desk(desk) for desk in desks), key=lambda row: str(row.place)), most)

    page = cursors.page(rows, limit=limit, of=of, place=lambda row: str(row.place), show=lambda row: row)
    if which == _MENTIONS:
        keys = [(InboxRow, str(row.desk), inbox.mentioned_in(row)) for row in page["data"]]
        page["data"] = [row for row in batch_get.get_all(keys) if row is not None and row.place]
    return Answer(200, page | {"data": [row_view(row, now_ms=now) for row in page["data"]]})


def claim(call: Call) -> Answer:
    """The chat is the caller's, if nobody was first: 409 `claimed` names who was."""
    thread, chat = _chat(call)
    who, now = {name: text for name, text in call.caller.who.items() if text}, clock.now_ms()
    if chat.agent.get("id", who["id"]) != who["id"]:
        raise _claimed(chat.agent)
    row = inbox.claim(chat.desk, call.id, who, now_ms=now)
    if row is None:
        raise _claimed_first(inbox.get(chat.desk, call.id), now)
    _tell(thread, row)
    if "id" not in chat.agent:
        event = _accepted(thread, chat, who)
        queues.send("threads.fifo", [Entry(event.plain(), group=thread.id, dedup=event.id)])
    return Answer(200, row_view(row, now_ms=now))


def seen(call: Call) -> Answer:
    """204: the chat counts as read up to a message."""
    wanted = body(call, Seen)
    thread, chat = _chat(call)
    # Nobody has read what is still to come.
    row = inbox.see(chat.desk, call.id, min(wanted.sequence, thread.last_seq), now_ms=clock.now_ms())
    if row is not None:
        _tell(thread, row)
    return Answer(204)


def _tell(thread: Thread, row: InboxRow) -> None:
    """Note for other consoles that the row has changed; cut off before, they learn it with the chat's next change."""
    version = inbox.shown_version(row)
    beats.tell(thread.service, str(row.desk), str(row.conversation), version, now_ms=clock.now_ms())


def _desks(call: Call) -> list[str]:
    """The console desks that are asked for, as far as the caller sees them."""
    service, desk = service_of_query(call), call.query.get("desk_id")
    if desk:
        row = config.get("desk", desk) if is_id("desk", desk) else None
        if row is None or (service and row.service != service):
            raise Problem(404, "not_found", f"there is no desk {desk[:60]!r}")
        call.caller.need_service(str(row.service))
        call.caller.need_desk(desk)
        return [desk]
    services = [service] if service else _services()
    rows = [row for one in services for row in config.snapshot(one, config.version(one)).of_kind("desk")]
    consoles = [row.id for row in rows if (row.body or {}).get("kind") == CONSOLE]
    return sorted(id for id in consoles if call.caller.desks is None or id in call.caller.desks)


def _services() -> list[str]:
    rows, more = config.list_kind(config.SERVICES, "service", limit=_MOST_SERVICES)
    if more:
        raise invalid([("/service_id", f"is needed: there are more than {_MOST_SERVICES} services")])
    return [row.id for row in rows]


def _chat(call: Call) -> tuple[Thread, Chat]:
    """The open chat of a console desk, with its thread; Problem 404, 403, 409 or 410 for anything else."""
    named = parse_conversation_id(call.id)
    thread = threads.get(named[0]) if named else None
    if named and (thread is None or not _is_open(thread, named[1])):
        # Its messages may tell of it a moment before its own row does.
        thread = latest.caught_up(named[0], thread)
    if named is None or thread is None:
        raise _unknown()
    call.caller.need_service(thread.service)
    chat = thread.chat
    if chat is None or chat.number != named[1]:
        ended = threads.get_conversation(*named)
        if ended is None or ended.kind != DESK:
            raise _unknown()
        raise Problem(410, "conversation_closed", "the conversation is closed", owner=thread.owner or None)
    call.caller.need_desk(chat.desk)
    if not chat.in_inbox:
        raise Problem(409, "not_in_inbox", "the conversation is with a desk that has an inbox of its own")
    return thread, chat


def _is_open(thread: Thread, number: int) -> bool:
    return thread.chat is not None and thread.chat.number == number


def _unknown() -> Problem:
    return Problem(404, "unknown_conversation", "there is no such conversation of a desk")


def _claimed_first(row: InboxRow | None, now: int) -> Problem:
    first = inbox.claimed(row, now_ms=now) if row is not None else {}
    shown = dict((row.data or {}).get("agent") or {}) if row is not None else {}
    if first or shown:
        return _claimed(first or shown)
    # Opened a moment ago, and not in the inbox yet; or closed in this moment.
    return Problem(409, "not_in_inbox", "the inbox does not show the conversation yet", headers={"Retry-After": "1"})


def _claimed(agent: dict[str, str]) -> Problem:
    shown = {"id": agent.get("id"), "name": agent.get("name")}
    return Problem(409, "claimed", "somebody else has the conversation", agent=shown)


def _accepted(thread: Thread, chat: Chat, who: dict[str, str]) -> Event:
    return Event(
        id=ids.from_cause("ev", "claim", thread.id, chat.number, who["id"]),
        kind=CHAT_ACCEPTED,
        service=thread.service,
        channel=thread.channel,
        channel_kind=thread.channel_kind,
        address=thread.address,
        thread=thread.id,
        at=clock.now_ms(),
        body={"desk": chat.desk, "conversation": thread.chat_conversation(), "agent": who},
        trace=ids.new("tc"),
    )
