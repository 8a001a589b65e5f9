"""What an open console asks for every two seconds: what has changed in the inbox, and who is at its chat.

Nothing is missed between two beats. A change is noted after the inbox's row stands, under the time of its writer's
clock, and a beat reads from five seconds before the beat that its cursor names: so what was written a little late, or
by a clock that is behind, is read by one of the next. What a reader was given already its cursor names, with the
version, and is not read again. What is written later still than those five seconds (a process was busy, the table
refused it) is caught by the full list that the page reads each minute. A cursor that is older than the feed says that
it has `missed` something, and so does one with more changes than one answer holds: then the page lists anew.

The cursor also says when presence was last written down, so that nobody has to look it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, Field

from chalicelib.api.conversations import desks_threads
from chalicelib.api.conversations.inbox_rows import InboxAnswer
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body
from chalicelib.api.http.formats import CONVERSATION, ServiceId
from chalicelib.api.http.routes import AGENT
from chalicelib.api.http.shapes import Person
from chalicelib.domain.thread import parse_conversation_id
from chalicelib.inbox.views import at_chat, row_view
from chalicelib.ports import clock
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, beats, config, connections, console_sockets, inbox, threads
from chalicelib.tables.beats import Change, Presence
from chalicelib.tables.config import Resource
from chalicelib.tables.console_sockets import Ticket
from chalicelib.tables.inbox import InboxRow
from chalicelib.tables.threads import ThreadRow

_MOST_CHANGES = 100
_MOST_WATCHED = 20
_WRITE_AGAIN_MS = 14_000
"""So that it is done by each beat of those that come every 15 seconds, and none is thought to be gone."""
_SHORT = slice(3, 15)
"""Enough of a conversation's id (60 bits of its thread) to tell those of a few seconds apart in a cursor."""
ConversationId = Annotated[
    str, Field(pattern=f"^{CONVERSATION.pattern}$", json_schema_extra={"format": CONVERSATION.name})
]


class Beat(Fields):
    """What the page has open."""

    service_id: ServiceId
    cursor: Annotated[str, Field(max_length=16_384, json_schema_extra={"format": "cursor"})] | None = None
    """Of the beat before; null begins now."""
    open: ConversationId | None = None
    """The chat that is open; others see that the caller is at it."""
    typing: bool = False
    """Whether the caller writes in it."""
    watch: Annotated[list[ConversationId], Field(max_length=_MOST_WATCHED)] = []
    """Conversations whose threads' versions are wanted."""
    socket: Annotated[str, Field(max_length=128)] | None = None
    """An open socket of the page, which is told of what happens for the next minute."""


class At(BaseModel):
    """Somebody at a chat."""

    conversation_id: str
    agent: Person
    typing: bool
    at: str


class Versions(BaseModel):
    """What stands: another number than before, and it is to be read anew."""

    config: int
    threads: dict[str, int]


class BeatAnswer(BaseModel):
    """What has changed since the beat before."""

    cursor: str
    changes: list[InboxAnswer]
    """Rows as they stand; one may come twice. A chat that was closed comes once with the state `closed`."""
    missed: bool
    """Whether there was more than this: then the lists are to be read anew."""
    presence: list[At]
    """Others at the open chat."""
    visitor_typing: bool
    """Whether the visitor of the open chat writes, where their page has a socket."""
    versions: Versions
    socket: bool | None
    """Whether the page's socket is known; false: it is told nothing. Null where none was named."""


@dataclass(slots=True)
class _Place:
    """What a cursor says."""

    at: int
    sent: dict[str, int] = field(default_factory=dict)
    """Conversation, shortened -> the version of its row that was given in the last seconds."""
    here: str = ""
    """The chat at which the caller was said to be."""
    typing: bool = False
    wrote: int = 0


def beat(call: Call) -> Answer:
    """What has changed in the inbox of a service, who is at the open chat, and which versions stand."""
    wanted, now = body(call, Beat), clock.now_ms()
    service = call.caller.need_service(wanted.service_id)
    of = f"beat {service} {call.caller.who['id']}"
    place = _read(cursors.decode(wanted.cursor, of=of)) if wanted.cursor else _Place(now)
    _forget_others(call, wanted)
    # First: of what is noted after this its socket is told, and what was noted before is read.
    known = _lasts(call, service, wanted.socket, now) if wanted.socket else None
    versions = _versions(service, wanted.watch)
    changes, missed = _changes(call, service, place, now) if wanted.cursor else ([], False)
    if call.caller.may(AGENT):
        _note(call, service, wanted, place, now)
    place.at = now
    answer = {
        "cursor": cursors.encode([place.at, place.sent, place.here, place.typing, place.wrote], of=of),
        "changes": changes,
        "missed": missed,
        "presence": at_chat(wanted.open, _others(call, service, wanted.open, now)) if wanted.open else [],
        "visitor_typing": bool(wanted.open) and _visitor_types(service, wanted.open or "", now),
        "versions": versions,
        "socket": known,
    }
    return Answer(200, answer)


def _forget_others(call: Call, wanted: Beat) -> None:
    """Leave out what has gone to another desk than the caller's meanwhile: the page hears of it by its row."""
    if call.caller.desks is None:
        return
    asked = {id: named[0] for id in (*wanted.watch, wanted.open or "") if (named := parse_conversation_id(id))}
    mine = desks_threads.theirs(call.caller, asked.values())
    wanted.watch = [id for id in wanted.watch if asked.get(id) in mine]
    if asked.get(wanted.open or "") not in mine:
        wanted.open, wanted.typing = None, False


def _read(given: Any) -> _Place:
    match given:
        case [int(at), dict(sent), str(here), bool(typing), int(wrote)] if all(type(n) is int for n in sent.values()):
            return _Place(at, sent, here, typing, wrote)
    raise cursors.bad_cursor()


def _lasts(call: Call, service: str, socket: str, now: int) -> bool:
    whose = Ticket(service, call.caller.who["id"], call.caller.desks)
    return console_sockets.lasts(socket, whose, now_ms=now)


def _versions(service: str, watched: list[str]) -> dict[str, Any]:
    """The service's version and those of threads of it, read together."""
    named = {one: of[0] for one in watched if (of := parse_conversation_id(one))}
    of_threads = sorted(set(named.values()))
    rows = batch_get.get_all(
        [(Resource, *config.version_key(service)), *((ThreadRow, one, threads.THREAD) for one in of_threads)]
    )
    version, *found = rows
    if version is None:
        raise Problem(404, "not_found", f"there is no service {service!r}")
    standing = {
        str(row.thread): int(row.version or 0) for row in found if row and (row.state or {}).get("service") == service
    }
    told = {one: standing[thread] for one, thread in named.items() if thread in standing}
    return {"config": int(version.version or 0), "threads": told}


def _changes(call: Call, service: str, place: _Place, now: int) -> tuple[list[dict[str, Any]], bool]:
    """(rows that have changed, whether there was more); `place.sent` then names what may be read again."""
    told = beats.told(service, place.at - beats.OVERLAP_MS, limit=_MOST_CHANGES + 1)
    missed = place.at < now - beats.KEEP_MS + beats.OVERLAP_MS or len(told) > _MOST_CHANGES
    last: dict[tuple[str, str], Change] = {}
    for one in told[:_MOST_CHANGES]:
        if call.caller.desks is None or one.desk in call.caller.desks:
            last[one.desk, one.conversation] = one
    new = [key for key, one in last.items() if not 0 < one.version <= place.sent.get(_short(one.conversation), 0)]
    rows = [row for row in batch_get.get_all([(InboxRow, *key) for key in new]) if row is not None]
    given = place.sent | {_short(str(row.conversation)): inbox.shown_version(row) for row in rows}
    lately = {_short(one.conversation) for one in last.values() if one.at > now - 2 * beats.OVERLAP_MS}
    place.sent = {name: version for name, version in given.items() if name in lately}
    return [row_view(row, now_ms=now) for row in rows], missed


def _short(conversation: str) -> str:
    return f"{conversation[_SHORT]}{conversation.rpartition('_')[2]}"


def _note(call: Call, service: str, wanted: Beat, place: _Place, now: int) -> None:
    """Write down at which chat the caller is, where that has changed or was said a while ago."""
    who, chat, typing = call.caller.who, wanted.open or "", bool(wanted.open) and wanted.typing
    if place.here and place.here != chat:
        beats.gone(service, place.here, who["id"])
    new = (place.here, place.typing) != (chat, typing)
    if chat and (new or now - place.wrote >= _WRITE_AGAIN_MS):
        beats.here(service, chat, who, typing=typing, new=new, now_ms=now)
        place.wrote = now
    place.here, place.typing = chat, typing


def _others(call: Call, service: str, chat: str, now: int) -> list[Presence]:
    return [one for one in beats.there(service, chat, now_ms=now) if one.id != call.caller.who["id"]]


def _visitor_types(service: str, chat: str, now: int) -> bool:
    named = parse_conversation_id(chat)
    return named is not None and connections.visitor_types_now(named[0], service, now_ms=now)
