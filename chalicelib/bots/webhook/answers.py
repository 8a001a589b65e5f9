"""A bot's answer in the response itself (contract 2.4, ours)."""

from __future__ import annotations

from typing import Any

from chalicelib.bots.webhook.events import BotEvent, event, names_event
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.any_case_fields import Fields
from chalicelib.wire.events import MAX_EVENTS, Read, read_each
from chalicelib.wire.json_body import json_of

_EVENTS = "events"
_SLIPS = ("answer", "event", "message", "messages", "output", "reply", "replies", "response", "text")
"""Members that hold an answer elsewhere, and none here."""


def answers(exchange: Exchange, *, conversation: str = "") -> Read[BotEvent]:
    """The events that a 2xx response carries: one, an array, or `{"events": [...]}`, in the form of a post.

    A response that means to carry none (a token, `ok`, a page) holds none. Malformed events are reported and the others
    still count: the delivery has succeeded, so nobody would send them again. An event without a conversation is about
    `conversation`, that of the delivery. A member that looks as if it were meant as an answer, and is none, is named.
    """
    if exchange.error or not 200 <= exchange.status < 300:
        return Read()
    given = json_of(exchange)
    found = _found(given)

    def one(fields: Fields) -> BotEvent:
        said = event(fields, conversation=conversation)
        if conversation and said.conversation and _thread(said.conversation) != _thread(conversation):
            fields.wrong("conversation_id", "is another thread's than the delivery: post it to the events URL")
        return said

    read = read_each(found[:MAX_EVENTS], one)
    problems = [*read.problems, *([] if found else _slips(given))]
    if len(found) > MAX_EVENTS:
        problems.append(("", f"holds more than {MAX_EVENTS} events"))
    return Read(read.events, tuple(problems), read.too_large, read.ignored)


def _thread(conversation: str) -> str:
    return conversation.rpartition("_")[0]


def _slips(given: Any) -> list[tuple[str, str]]:
    """(JSON pointer, message) of what stands in a response without events and was perhaps meant to be heard."""
    if not isinstance(given, dict):
        return []
    names = [name for name, value in given.items() if value and name.strip("_").lower() in (_EVENTS, *_SLIPS)]
    return [
        (f"/{name}", f"is no answer and was ignored: answers are events in an array named {_EVENTS}") for name in names
    ]


def _found(given: Any) -> list[tuple[str, Any]]:
    if names_event(given):
        return [("", given)]
    at = ""
    if isinstance(given, dict):
        given, at = given.get(_EVENTS), f"/{_EVENTS}"
        if names_event(given):
            return [(at, given)]
    if not isinstance(given, list) or not any(names_event(item) for item in given):
        return []
    return [(f"{at}/{index}", item) for index, item in enumerate(given)]
