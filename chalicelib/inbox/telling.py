"""What sockets of consoles are told: the same rows, and the same people at a chat, that a beat answers.

Frames say nothing of the cursor: a row has its version, so twice is once, and what was not told the next beat brings.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.inbox.views import at_chat, row_view
from chalicelib.tables import batch_get, beats
from chalicelib.tables.beats import FEED, PRESENCE, SEEN
from chalicelib.tables.console_sockets import Console
from chalicelib.tables.inbox import InboxRow

_AROUND = 64
"""Bytes of a frame around its rows."""


def service_of(topic: str) -> str:
    """The service of a topic of `beats`."""
    return topic.split("#")[1]


def frames(
    changes: Iterable[Mapping[str, Any]], hearing: Sequence[Console], *, most: int, now_ms: int
) -> dict[str, list[bytes]]:
    """Socket -> what it is to be told of changes of a service's `beats`, in frames of `most` bytes.

    A change is a stream record's `dynamodb`. Reads 1 R for each row that any of them sees, and 0.5 R for each chat that
    somebody has come to or gone from.
    """
    rows, chats = dict[tuple[str, str], None](), dict[str, None]()
    for change in changes:
        keys = change["Keys"]
        if keys["topic"]["S"].startswith(FEED):
            image = change["NewImage"]
            rows[image["desk"]["S"], image["conversation"]["S"]] = None
        else:
            chats[keys["topic"]["S"]] = None
    told = defaultdict[str, list[bytes]](list)
    _of_rows(told, [*rows], hearing, most, now_ms)
    for topic in chats:
        _of_presence(told, topic, hearing, now_ms)
    return dict(told)


def of_typing(chat: str, service: str, hearing: Sequence[Console], *, now_ms: int) -> dict[str, list[bytes]]:
    """Socket -> that the visitor of a chat writes, for those whose person is at it."""
    there = {one.id for one in beats.there(service, chat, now_ms=now_ms)} if hearing else set()
    frame = _frame(type="visitor_typing", conversation_id=chat)
    return {one.id: [frame] for one in hearing if one.person in there}


def _of_rows(
    told: dict[str, list[bytes]], changed: list[tuple[str, str]], hearing: Sequence[Console], most: int, now_ms: int
) -> None:
    seen = [key for key in changed if any(one.sees(key[0]) for one in hearing)]
    rows = [row for row in batch_get.get_all([(InboxRow, *key) for key in seen]) if row is not None]
    texts = [(str(row.desk), _json(row_view(row, now_ms=now_ms))) for row in rows]
    made: dict[frozenset[str] | None, list[bytes]] = {}
    for one in hearing:
        if one.desks not in made:
            made[one.desks] = [*_packed([text for desk, text in texts if one.sees(desk)], most - _AROUND)]
        told[one.id] += made[one.desks]


def _packed(texts: list[str], room: int) -> Iterator[bytes]:
    while texts:
        size = fits = 0
        while fits < len(texts) and (not fits or size + len(texts[fits]) < room):
            size += len(texts[fits]) + 1
            fits += 1
        yield f'{{"type":"changes","changes":[{",".join(texts[:fits])}]}}'.encode()
        texts = texts[fits:]


def _of_presence(told: dict[str, list[bytes]], topic: str, hearing: Sequence[Console], now_ms: int) -> None:
    """Who is at a chat, to those who are."""
    service, chat = topic.removeprefix(SEEN).split("#", 1)
    there = beats.there(service, chat, now_ms=now_ms)
    for one in hearing:
        if any(one.person == person.id for person in there):
            others = at_chat(chat, [person for person in there if person.id != one.person])
            told[one.id].append(_frame(type=PRESENCE, conversation_id=chat, presence=others))


def _frame(**members: Any) -> bytes:
    return _json(members).encode()


def _json(value: Any) -> str:
    # As ASCII: then no lone surrogate stands in the way, and a letter's length is its bytes'.
    return json.dumps(value, separators=(",", ":"))
