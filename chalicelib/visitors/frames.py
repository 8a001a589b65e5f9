"""What is told to the sockets of a thread, in frames that API Gateway takes.

`after` and `next` of a frame of messages say what it covers: a page whose own cursor is before `after` lacks something
and asks for it once. So does one that is told `more`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.message import Message
from chalicelib.visitors import shown

_ROOM = 200
"""Bytes of a frame around its messages."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, and the messages that it shows."""

    data: bytes
    messages: tuple[Message, ...] = ()


def of_messages(messages: Sequence[Message], include: frozenset[str], *, after: int, most: int) -> Iterator[Frame]:
    """Messages that follow each other on a thread, those behind number `after`, as frames of `most` bytes at most.

    One that is larger alone is not sent: its page is told that there is more. Where nothing of all is to be shown, a
    page is told how far it has come that counts along: with `all` each row, with `events` those that are not the
    visitor's own.
    """
    begun, texts, said, size = after, list[str](), list[Message](), 0
    counted = "all" in include or ("events" in include and any(one.author.kind != "user" for one in messages))
    for message in messages:
        text = _json(shown.view(message)) if shown.is_shown(message, include) else ""
        if len(text.encode()) > most - _ROOM:
            if texts:
                yield _messages(begun, after, texts, said)
            yield Frame(_json({"type": "more", "after": str(message.seq - 1)}).encode())
            begun, texts, said, size = message.seq, [], [], 0
        else:
            if size + len(text.encode()) > most - _ROOM:
                yield _messages(begun, after, texts, said)
                begun, texts, said, size = after, [], [], 0
            if text:
                texts.append(text)
                said.append(message)
                size += len(text.encode()) + 1
        after = message.seq
    if texts or (counted and after > begun):
        yield _messages(begun, after, texts, said)


def _messages(after: int, upto: int, texts: Sequence[str], said: Sequence[Message]) -> Frame:
    head = f'{{"type":"messages","after":"{after}","next":"{upto}","data":['
    return Frame(f"{head}{','.join(texts)}]}}".encode(), tuple(said))


def of_state(owner: str, *, notice: str = "", typing: str | None = None) -> Frame:
    """Who has the thread now; `notice` is what happened, `typing` the name of the agent who types ("" where they have
    none)."""
    state: dict[str, Any] = {"type": "state", "owner": owner or None}
    state |= {"notice": notice} if notice in shown.EVENTS else {}
    state |= {"typing": {"name": typing or None}} if typing is not None else {}
    return Frame(_json(state).encode())


def more(after: int) -> Frame:
    """There is more than a socket is told."""
    return Frame(_json({"type": "more", "after": str(after)}).encode())


def _json(value: Any) -> str:
    # As ASCII: then no lone surrogate stands in the way, and a letter's length is its bytes'.
    return json.dumps(value, separators=(",", ":"))
