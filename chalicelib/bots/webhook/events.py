"""What a bot posts: messages, hand-overs and closings (contract 2.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.message import Content
from chalicelib.wire import token
from chalicelib.wire.any_case_fields import Fields
from chalicelib.wire.contents import content
from chalicelib.wire.events import Read, read_all

MESSAGE, HANDOVER, CLOSE = "message", "handover", "close"
# IMIconnect prints 1001 and 1002 and lets the name stand for the number; 1003 is ours, as it prints none for closing.
_KINDS = {"1001": MESSAGE, "1002": HANDOVER, "1003": CLOSE, MESSAGE: MESSAGE, HANDOVER: HANDOVER, CLOSE: CLOSE}
_PARAM = "customparam"


@dataclass(frozen=True, slots=True)
class BotEvent:
    """One event of a bot. `kind` is message, handover or close."""

    kind: str
    conversation: str
    content: Content | None = None
    """Of a message; its params are in `details["params"]` too."""
    params: dict[str, Any] = field(default_factory=dict)
    """The members customparam1 ... customparamN under their names, and those of an object `params` (ours)."""
    id: str = ""
    """The bot's own id (`Messageid` or `Idempotency-Key`), which makes a repeat harmless; empty where it gave none."""
    at: int = 0
    """Milliseconds since the epoch by the bot's clock; 0 where it gave none."""


def read_events(given: Any) -> Read[BotEvent]:
    """The events of a body (bytes, or its JSON): one, or an array of at most 100."""
    return read_all(given, event)


def event(fields: Fields, *, conversation: str = "") -> BotEvent:
    """One event; `conversation` is that of an event that names none. What is wrong is noted in the fields."""
    fields.know("eventid", "event", "event_id", "Idempotency-Key", "params", "custom_params", *token.KEYS)
    said_id = fields.text("Messageid") or fields.text("Idempotency-Key")
    params = _params(fields)
    kind = _kind(fields)
    named = fields.text("conversation_id", required=not conversation) or conversation
    at = fields.time("Timestamp")
    said = None
    if kind == MESSAGE:
        said = content(fields, text="message")
        if params:
            said = replace(said, details=said.details | {"params": params})
    return BotEvent(kind, named, said, params, said_id, at)


def names_event(given: Any) -> bool:
    """Whether an object means to be an event at all."""
    return isinstance(given, dict) and any(key.lower() in ("eventid", "event_id", "event") for key in given)


def _kind(fields: Fields) -> str:
    name = "eventid" if fields.has("eventid") else "event"
    value = fields.value(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        fields.wrong("eventid", "is required: 1001 (message), 1002 (handover) or 1003 (close)")
    elif not isinstance(value, str) or value.strip().lower() not in _KINDS:
        fields.wrong(name, "must be 1001 (message), 1002 (handover) or 1003 (close)")
    else:
        return _KINDS[value.strip().lower()]
    return ""


def _params(fields: Fields) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name in ("params", "custom_params"):
        if fields.has(name) and (inner := fields.object(name)):
            params |= inner.given
            inner.know(*inner.given)
    for key, value in fields.given.items():
        if key.lower().startswith(_PARAM) and len(key) > len(_PARAM) and value is not None:
            params[_PARAM + key[len(_PARAM) :]] = value
            fields.know(key)
    return params
