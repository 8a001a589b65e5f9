"""A bot's answer in the response itself (contract 2.4, ours)."""

from __future__ import annotations

from functools import partial
from typing import Any

from chalicelib.bots.reading import MAX_EVENTS, Read, read_each
from chalicelib.bots.token import json_of
from chalicelib.bots.webhook.events import BotEvent, event, names_event
from chalicelib.channels.contract import Exchange


def answers(exchange: Exchange, *, conversation: str = "") -> Read[BotEvent]:
    """The events that a 2xx response carries: one, an array, or `{"events": [...]}`, in the form of a post.

    A response that means to carry none (a token, `ok`, a page) holds none. Malformed events are reported and the others
    still count: the delivery has succeeded, so nobody would send them again. An event without a conversation is about
    `conversation`, that of the delivery.
    """
    if exchange.error or not 200 <= exchange.status < 300:
        return Read()
    found = _found(json_of(exchange))
    read = read_each(found[:MAX_EVENTS], partial(event, conversation=conversation))
    if len(found) > MAX_EVENTS:
        return Read(
            read.events, (*read.problems, ("", f"holds more than {MAX_EVENTS} events")), read.too_large, read.ignored
        )
    return read


def _found(given: Any) -> list[tuple[str, Any]]:
    if names_event(given):
        return [("", given)]
    at = ""
    if isinstance(given, dict):
        given, at = given.get("events"), "/events"
    if not isinstance(given, list) or not any(names_event(item) for item in given):
        return []
    return [(f"{at}/{index}", item) for index, item in enumerate(given)]
