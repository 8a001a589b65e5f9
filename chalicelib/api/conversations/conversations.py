"""Reading conversations and threads."""

from __future__ import annotations

from typing import Any

from chalicelib.api.conversations import desks_threads, narrowing, persons
from chalicelib.api.http import across, cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.formats import THREAD
from chalicelib.api.http.services import needed_service, service_of_query
from chalicelib.channels import limits
from chalicelib.domain.thread import SOURCE, Conversation, Thread, parse_conversation_id
from chalicelib.domain.view import conversation_view
from chalicelib.inbound import window
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, threads
from chalicelib.tables.links import CONVERSATION
from chalicelib.tables.threads import ThreadRow


def listing(call: Call) -> Answer:
    """Conversations, each with its person, the newest first: of a contact in all of its threads, or of a service;
    without either service by service. Narrowed to what they are, of one or the other, or of agents of some desks to
    theirs, a page may be short, and still have a next one."""
    page = _of_contact(call) if call.query.get("contact_id") else _of_services(call)
    mine = desks_threads.theirs(call.caller, (one.thread for one in page["data"]))
    page["data"] = [one for one in page["data"] if one.thread in mine]
    whose = _threads_of(page["data"])
    page["data"] = [_listed(one, whose.get(one.thread)) for one in page["data"]]
    return Answer(200, page)


def _of_services(call: Call) -> dict[str, Any]:
    narrowed = narrowing.of_query(call)
    if narrowed is not None:
        return narrowing.page(call, needed_service(call), narrowed)
    service = service_of_query(call)
    limit, of = cursors.limit_of(call), f"conversations {service}"

    def rows(service: str, most: int, place: str) -> Any:
        before = ThreadRow.opened < place if place else None
        return ThreadRow.by_service.query(service, before, scan_index_forward=False, limit=most)

    def place(row: ThreadRow) -> str:
        return str(row.opened)

    def show(row: ThreadRow) -> Conversation:
        return Conversation.of(row.state)

    if not service:
        return across.page(
            call, limit=limit, of=of, rows=rows, place=place, show=lambda found: [show(row) for row in found]
        )
    last = cursors.place_of(call, of=of)
    return cursors.page(lambda most: rows(service, most, last), limit=limit, of=of, place=place, show=show)


def _of_contact(call: Call) -> dict[str, Any]:
    whole = persons.find(call, call.query["contact_id"], CONVERSATION)
    service = service_of_query(call)
    if service and service != whole.service:
        raise invalid([("/contact_id", "is of another service")])
    of = f"conversations {whole.id}"
    place = cursors.place_of(call, of=of)
    named = {threads.opened_place(link.opened_at, link.conversation): link.conversation for link in whole.conversations}
    left = sorted((opened for opened in named if not place or opened < place), reverse=True)
    shown = left[: cursors.limit_of(call)]
    keys = [parse_conversation_id(named[opened]) for opened in shown]
    rows = batch_get.get_all([(ThreadRow, key[0], threads.conversation_item(key[1])) for key in keys if key])
    following = cursors.encode(shown[-1], of=of) if len(left) > len(shown) else None
    narrowed = narrowing.of_query(call) or narrowing.Narrowing()
    found = (Conversation.of(row.state) for row in rows if row is not None)
    return {"data": [one for one in found if narrowed.fits(one)], "next_cursor": following}


def _threads_of(conversations: list[Conversation]) -> dict[str, Thread]:
    """The threads of a page of conversations, read together."""
    rows = batch_get.get_all([(ThreadRow, id, threads.THREAD) for id in sorted({one.thread for one in conversations})])
    return {found.id: found for row in rows if (found := threads.from_row(row))}


def _listed(conversation: Conversation, thread: Thread | None) -> dict[str, Any]:
    shown = _of_whom(conversation, thread)
    return shown | {
        "contact": {"id": shown["contact_id"], "name": (thread.contact.get("name") if thread else None) or None},
        "owner": (thread.owner or None) if thread else None,
        "address": thread.address if thread else None,
    }


def _of_whom(conversation: Conversation, thread: Thread | None) -> dict[str, Any]:
    """The conversation with whom its thread is with by now: contacts are merged and taken apart after it was opened."""
    contact = (thread.contact.get("id") if thread else None) or conversation.contact or None
    return view(conversation) | {"contact_id": contact}


def one(call: Call) -> Answer:
    """The conversation, with its thread: owner, contact, channel."""
    conversation = find(call, call.id)
    return Answer(200, shown(conversation, thread_of(conversation)))


def shown(conversation: Conversation, of: Thread) -> dict[str, Any]:
    """A conversation as it is answered, with its thread."""
    return _of_whom(conversation, of) | {"thread": _thread_view(of)}


def thread_of(conversation: Conversation) -> Thread:
    """The thread of a conversation; Problem 404 where it is gone."""
    return _thread(conversation.thread)


def thread(call: Call) -> Answer:
    """The thread, with its conversations, the newest first."""
    if not THREAD.fits(call.id):
        raise _no("thread", call.id)
    found = _thread(call.id)
    call.caller.need_service(found.service)
    desks_threads.need(call.caller, found.id)
    return Answer(
        200, _thread_view(found) | {"conversations": [_of_whom(one, found) for one in conversations_of(found.id)]}
    )


def find(call: Call, conversation: str) -> Conversation:
    """A conversation by id; Problem 404 where there is none, 403 where the key may not see it."""
    named = parse_conversation_id(conversation)
    found = threads.get_conversation(*named) if named else None
    if found is None:
        raise _no("conversation", conversation)
    call.caller.need_service(found.service)
    desks_threads.need(call.caller, found.thread)
    return found


def conversations_of(thread_id: str) -> list[Conversation]:
    """The conversations of a thread, the newest first; at most the last hundred."""
    rows = ThreadRow.query(
        thread_id, ThreadRow.item.startswith("c"), scan_index_forward=False, limit=100, consistent_read=True
    )
    return [Conversation.of(row.state) for row in rows]


def view(conversation: Conversation) -> dict[str, Any]:
    """As it is answered."""
    return conversation_view(conversation, rfc3339=rfc3339) | {"test": conversation.test}


def _thread(thread_id: str) -> Thread:
    found = threads.get(thread_id)
    if found is None:
        raise _no("thread", thread_id)
    return found


def _thread_view(thread: Thread) -> dict[str, Any]:
    return {
        "id": thread.id,
        "service_id": thread.service,
        "channel_id": thread.channel,
        "channel_kind": thread.channel_kind,
        "address": thread.address,
        "owner": thread.owner or None,
        "bot_id": thread.bot or None,
        "desk_id": thread.chat.desk if thread.chat else None,
        "bot_conversation_id": thread.bot_conversation(thread.bot) or None,
        "desk_conversation_id": thread.chat_conversation() or None,
        "contact": {"id": None, "name": None} | dict(thread.contact),
        # The numbers of a source's messages are their times.
        "messages": thread.counts.get("1", 0) if thread.channel_kind == SOURCE else thread.last_seq,
        "first_message_at": rfc3339(thread.first_at) if thread.first_at else None,
        "last_message_at": rfc3339(thread.last_at) if thread.last_at else None,
        "takes": limits.shown(thread.channel_kind),
        "window": _window(thread),
    }


def _window(thread: Thread) -> dict[str, Any] | None:
    """Until when people may write to the customer freely; None where the channel has no such limit."""
    length = window.of_people(thread)
    return {"open_until": rfc3339(thread.heard_at + length) if thread.heard_at else None} if length else None


def _no(what: str, given: str) -> Problem:
    return Problem(404, "not_found", f"there is no {what} {given[:60]!r}")
