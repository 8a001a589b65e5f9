"""Reading messages, the newest first: of a conversation, of a source, of a contact."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.api.conversations import conversations, desks_threads, timeline
from chalicelib.api.conversations.timeline import view
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import ServiceId, named
from chalicelib.api.http.queries import MESSAGE_FILTERS as FILTERS
from chalicelib.api.http.routes import AGENT
from chalicelib.api.http.services import is_id
from chalicelib.domain.message import Message
from chalicelib.domain.thread import Conversation, thread_of_message
from chalicelib.ports.web import Problem
from chalicelib.tables import config, message_ranges, messages, source_feed, threads

_Id = Annotated[str, Field(min_length=1, max_length=60)]
_WITHIN = 1000
"""How far back in a thread a message is looked for by its id."""
_MOST_SERVICES = 100
"""Services whose messages of a source are read together."""


def _by(name: str) -> Any:
    others: Any = {other: {"type": "null"} for other in FILTERS if other != name}
    return {"required": [name], "properties": {name: {"type": "string"}} | others}


class MessagesList(Fields):
    """What `messages.list` takes: one of `conversation_id`, `source` and `contact_id`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_by(name) for name in FILTERS]})

    conversation_id: Annotated[_Id, named("conversation-id")] | None = None
    source: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    contact_id: Annotated[_Id, named("contact-id")] | None = None
    service_id: ServiceId | None = None
    """Of a source; without it those of all services that the key may see are answered."""
    cursor: Annotated[str, Field(max_length=4096), named("cursor")] | None = None
    page_size: Annotated[int, Field(ge=1, le=cursors.MAX_LIMIT)] = cursors.DEFAULT_LIMIT


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}` of `?conversation_id=`, of `?source=` or of `?contact_id=`."""
    given = {name: call.query[name] for name in (*FILTERS, "service_id") if call.query.get(name)}
    notes = call.caller.may(AGENT)
    data, following, _ = _page(call, given, cursors.limit_of(call), call.query.get("cursor"), notes=notes)
    return Answer(200, {"data": data, "next_cursor": following})


def one(call: Call) -> Answer:
    """The message; of one thread only the last thousand are found by their id."""
    thread = thread_of_message(call.id)
    found = messages.find(thread, call.id, within=_WITHIN) if thread else None
    if found is None or (found.is_note and not call.caller.may(AGENT)):
        raise Problem(404, "not_found", f"there is no message {call.id[:60]!r}")
    call.caller.need_service(found.service)
    desks_threads.need(call.caller, found.thread)
    return Answer(200, view(found))


def airy_listing(call: Call) -> Answer:
    """The same by POST, with `pagination_data` as Airy's messages.list has it: `previous_cursor` is the one given,
    `total` is known of a conversation alone."""
    wanted = body(call, MessagesList)
    given = {name: value for name in (*FILTERS, "service_id") if (value := getattr(wanted, name)) is not None}
    data, following, total = _page(call, given, wanted.page_size, wanted.cursor)
    pagination = {"previous_cursor": wanted.cursor, "next_cursor": following, "total": total}
    return Answer(200, {"data": data, "pagination_data": pagination})


def place_in(conversation: str, cursor: str) -> int:
    """The number below which a cursor of a conversation goes on; Problem 400 for another cursor."""
    place = cursors.decode(cursor, of=conversation)
    if not (isinstance(place, str) and place.isascii() and place.isdigit() and len(place) <= 16):
        raise cursors.bad_cursor()
    return int(place)


def total(found: Conversation) -> int:
    """How many messages a conversation has: counted by its thread while it is open."""
    if found.messages:
        return found.messages
    thread = threads.get(found.thread)
    return thread.counts.get(str(found.number), 0) if thread else 0


_Page = tuple[list[dict[str, Any]], str | None, int | None]


def _page(call: Call, given: dict[str, str], limit: int, cursor: str | None, *, notes: bool = False) -> _Page:
    """(messages, next cursor, how many there are where that is known). `notes` of agents, of which nobody is told who
    reads in a bot's place or with a key of scope read."""
    named = [name for name in FILTERS if name in given]
    if len(named) != 1:
        wrong = named[1:] or FILTERS[:1]
        raise invalid([(f"/{name}", f"exactly one of {', '.join(FILTERS)} is needed") for name in wrong])
    if "source" in given:
        return _of_source(call, given, limit, cursor)
    if "service_id" in given:
        call.caller.need_service(given["service_id"])
    if "contact_id" in given:
        found, following = timeline.page(call, given["contact_id"], limit=limit, cursor=cursor, notes=notes)
        return [view(message) for message in found], following, None
    return _of_conversation(conversations.find(call, given["conversation_id"]), limit, cursor, notes)


def _of_conversation(found: Conversation, limit: int, cursor: str | None, notes: bool) -> _Page:
    before = place_in(found.id, cursor) if cursor else None

    def rows(most: int) -> list[Message]:
        return message_ranges.of_conversation(
            found.thread, found.id, first=found.first, last=found.last, before=before, limit=most, notes=notes
        )

    page = cursors.page(rows, limit=limit, of=found.id, place=lambda one: str(one.seq), show=view)
    return page["data"], page["next_cursor"], total(found)


def _of_source(call: Call, given: dict[str, str], limit: int, cursor: str | None) -> _Page:
    service = call.caller.need_service(given.get("service_id") or call.caller.service)
    if service and not is_id("service", service):
        raise invalid([("/service_id", "is no id of a service")])
    services = [service] if service else _all_services()
    of = f"source {service} {given['source']}"
    before = None
    if cursor:
        match cursors.decode(cursor, of=of):
            case [str(position), str(thread), int(seq)]:
                before = (position, thread, seq)
            case _:
                raise cursors.bad_cursor()
    found, following = source_feed.newest(services, given["source"], limit=limit, before=before)
    mine = desks_threads.theirs(call.caller, (message.thread for message in found))
    found = [message for message in found if message.thread in mine]
    return [view(message) for message in found], cursors.encode(following, of=of) if following else None, None


def _all_services() -> list[str]:
    rows, more = config.list_kind(config.SERVICES, "service", limit=_MOST_SERVICES)
    if more:
        raise invalid([("/service_id", f"is needed: there are more than {_MOST_SERVICES} services")])
    return [row.id for row in rows]
