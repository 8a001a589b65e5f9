"""Tells the sockets of a thread what is new on it, a new one what it has missed, and consoles how their inbox changes.

Reads the streams of `messages`, `connections` and `beats`, and decides nothing. What is told is a copy of what a poll
gives: who was not told asks. Order and nothing lost come from the cursor: a socket's row is there before what is behind
its cursor is read, and whoever writes a message after that has it told to the row. Cut off anywhere, the records come
again, and a page knows each message by its id; the event of a delivered message has the message's id. Rows of sockets
that are gone are forgotten, again if need be.

Consoles are told rows as they stand, not what a record says: twice is once by the row's version, and what one was not
told its next beat asks for (`chalicelib/inbox/telling.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from chalicelib.domain.message import Message
from chalicelib.domain.thread import DESK
from chalicelib.inbox import telling
from chalicelib.ports import clock, log, sockets
from chalicelib.ports.lambdas import each_group, table_of
from chalicelib.tables import connections, console_sockets, messages, threads
from chalicelib.tables.connections import AGENT_TYPES, THREAD, VISITOR_TYPES, Connection, ConnectionRow
from chalicelib.tables.console_sockets import Console
from chalicelib.tables.messages import MessageRow
from chalicelib.visitors import frames, shown
from chalicelib.visitors.frames import Frame

_PAGE, _PAGES = 50, 4
"""Of what a new socket has missed; who has missed more asks for it."""
_AT_ONCE = 10
"""Sockets of one thread or service that are told at the same time."""
_OPENING_MS = 5000
"""How long after its row is there a socket may still be opening."""

Socket = TypeVar("Socket", Connection, Console)


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of one of the streams: threads and services at the same time, each in its order."""
    return each_group(event, _whose, handle, step="push")


def handle(records: Sequence[dict[str, Any]]) -> None:
    """Handle changes of one thread, or of one service's inbox, all of one table."""
    table = table_of(records[0])
    if table == "beats":
        _inbox_changed(records)
    elif table == "connections":
        for record in records:
            _of_a_socket(record["eventName"], _row(ConnectionRow, record))
    elif rows := [_row(MessageRow, record) for record in records if record["eventName"] == "INSERT"]:
        _said(rows)


def _whose(record: dict[str, Any]) -> str:
    keys = record["dynamodb"]["Keys"]
    if "thread" in keys:
        return str(keys["thread"]["S"])
    topic = str(keys["topic"]["S"])
    return telling.service_of(topic) if table_of(record) == "beats" else topic


def _row(model: Any, record: dict[str, Any]) -> Any:
    row = model()
    if image := record["dynamodb"].get("NewImage"):
        row.deserialize(image)
    return row


def _said(rows: Sequence[MessageRow]) -> None:
    """Tell what was said, and who has the thread where that may have changed."""
    said = [messages.of_row(row) for row in rows]
    thread, now = said[0].thread, clock.now_ms()
    hearing = connections.hearing(connections.of_thread(thread), now_ms=now)
    if not hearing:
        return
    state = [_state(row, one) for row, one in zip(rows, said, strict=True) if row.beside or one.author.kind == "system"]
    told = _tell(hearing, lambda one: [*_runs(said, one), *state[-1:]])
    shown.delivered(told)
    lag = clock.now_ms() - said[-1].sent_at
    log.step("push", thread=thread, sockets=len(hearing), messages=len(said), lag_ms=lag)


def _runs(said: Sequence[Message], one: Connection) -> Iterable[Frame]:
    """Frames of messages; those of before its cursor its page has."""
    new = [message for message in said if message.seq > one.cursor]
    return frames.of_messages(new, one.include, after=new[0].seq - 1, most=sockets.MOST_BYTES) if new else ()


def _state(row: MessageRow, said: Message) -> Frame:
    """The state after a message, as its row carries it."""
    notice = said.content.details.get("name") if said.author.kind == "system" else ""
    return frames.of_state(str(dict(row.after).get("owner") or ""), notice=str(notice or ""))


def _of_a_socket(verb: str, row: ConnectionRow) -> None:
    if verb == "REMOVE" or not str(row.topic).startswith(THREAD):
        return
    one = connections.of_row(row)
    if verb == "INSERT":
        _missed(one)
    elif row.news == AGENT_TYPES:
        _tell([one], lambda _: [frames.of_state(DESK, typing=one.agent)])
    elif row.news == VISITOR_TYPES:
        _visitor_types(one)


def _missed(one: Connection) -> None:
    """Tell a new socket what lies behind its cursor, and who has the thread."""
    thread, after, found = one.topic.removeprefix(THREAD), one.cursor, list[Frame]()
    for _ in range(_PAGES):
        page = messages.after(thread, after, limit=_PAGE)
        found += frames.of_messages(page, one.include, after=after, most=sockets.MOST_BYTES)
        after = page[-1].seq if page else after
        if len(page) < _PAGE:
            break
    else:
        found.append(frames.more(after))
    stands = threads.get(thread)
    told = _tell([one], lambda _: [*found, frames.of_state(stands.owner if stands else "")])
    shown.delivered(told)
    log.step("push", thread=thread, connection=one.id, messages=len(told))


def _visitor_types(one: Connection) -> None:
    """Tell the consoles of people who are at the chat."""
    hearing = console_sockets.hearing(one.service, now_ms=clock.now_ms())
    stands = threads.get(one.topic.removeprefix(THREAD)) if hearing else None
    if stands is None or stands.chat is None or not stands.chat.in_inbox:
        return
    chat = stands.chat_conversation()
    _to_consoles(telling.of_typing(chat, one.service, hearing, now_ms=clock.now_ms()), hearing)


def _inbox_changed(records: Sequence[dict[str, Any]]) -> None:
    service, now = _whose(records[0]), clock.now_ms()
    hearing = console_sockets.hearing(service, now_ms=now)
    if not hearing:
        return
    changes = [record["dynamodb"] for record in records]
    _to_consoles(telling.frames(changes, hearing, most=sockets.MOST_BYTES, now_ms=now), hearing)
    since = int(float(changes[-1]["ApproximateCreationDateTime"]) * 1000)
    lag = max(0, clock.now_ms() - since)
    log.step("push", service=service, sockets=len(hearing), rows=len(changes), lag_ms=lag)


def _to_consoles(said: Mapping[str, list[bytes]], hearing: Sequence[Console]) -> None:
    _tell([one for one in hearing if said.get(one.id)], lambda one: [Frame(data) for data in said[one.id]])


def _tell(hearing: Sequence[Socket], frames_of: Callable[[Socket], Iterable[Frame]]) -> list[Message]:
    """Tell each socket its frames; gives the messages that any was told of. One that cannot be told is forgotten and
    closed: its page comes again and says how far it has come."""
    if len(hearing) < 2:
        told = [_tell_one(one, frames_of) for one in hearing]
    else:
        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(hearing))) as pool:
            told = [one.result() for one in [pool.submit(_tell_one, one, frames_of) for one in hearing]]
    return list({message.id: message for some in told for message in some}.values())


def _tell_one(one: Socket, frames_of: Callable[[Socket], Iterable[Frame]]) -> list[Message]:
    told: list[Message] = []
    # A console is told once its page has said that it is open.
    opening = isinstance(one, Connection) and clock.now_ms() - one.since < _OPENING_MS
    for frame in frames_of(one):
        if (came := sockets.tell(one.id, frame.data, opening=opening)) != sockets.TOLD:
            connections.forget(one.id, one.topic)
            if came == sockets.FAILED:
                sockets.close(one.id)
            break
        opening = False
        told += frame.messages
    return told
