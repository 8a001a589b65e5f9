"""What a webhook call of Newchannel's holds: https://newchannel.example/docs/webhooks

Nothing here raises: a field that is missing or of another type counts as empty, because a message that cannot be read
must not stop those beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.channels.contract import Consent, Event, Ignored, Said, Status
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.message import DELIVERED, FAILED, READ, Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

STATUSES = {"delivered": DELIVERED, "read": READ, "failed": FAILED}
_STOPPED = {"stopped": False, "started": True}
_MOST_CHARACTERS = 10_000
"""Texts end in tables and queues: bound what the provider does not bound."""


def events(body: Any, now_ms: int) -> Iterator[Event]:
    """All that a call tells, in its order."""
    found = dicts(body.get("events")) if isinstance(body, dict) else []
    if not found:
        yield Ignored("call without events")
    for event in found:
        yield _event(event, now_ms)


def _event(event: dict[str, Any], now_ms: int) -> Event:
    kind, address = word(event.get("type"))[:64], word(event.get("from"))
    if kind == "status":
        return _status(event, now_ms)
    if kind != "message" and kind not in _STOPPED:
        return Ignored(f"unknown event: {kind}")
    if in_a_group(event, address):
        return Ignored(GROUP)
    if not 0 < len(address) <= MAX_ID:
        return Ignored(f"{kind} of nobody")
    id, at_ms = word(event.get("id"))[:MAX_ID], _time(event, now_ms)
    if kind in _STOPPED:
        return Consent(address, _STOPPED[kind], at_ms, why=kind, provider_id=id)
    name = word(event.get("name"))[:MAX_ID]
    return Said(address, id, _content(event), at_ms, name, repeatable=bool(id))


def _content(event: dict[str, Any]) -> Content:
    text, image = word(event.get("text"))[:_MOST_CHARACTERS], word(event.get("image"))
    if image.startswith(("https://", "http://")) and len(image) <= 2048:
        return Content("image", text, (Media(image),))
    return Content(text=text)


def _status(event: dict[str, Any], now_ms: int) -> Event:
    given, id = word(event.get("state"))[:64], word(event.get("id"))[:MAX_ID]
    if given not in STATUSES:
        return Ignored(f"unknown status: {given}")
    if not id:
        return Ignored("status without an id")
    code, reason = word(event.get("code"))[:32] or "failed", word(event.get("reason"))[:500]
    error = {"code": code, "reason": reason} if given == "failed" else None
    return Status(id, STATUSES[given], _time(event, now_ms), word(event.get("to"))[:MAX_ID], error)


def _time(event: dict[str, Any], now_ms: int) -> int:
    """Newchannel says seconds since the epoch."""
    text = word(event.get("at"))
    at_ms = int(text) * 1000 if text.isascii() and text.isdecimal() and len(text) <= 10 else now_ms
    return min(at_ms, now_ms)
