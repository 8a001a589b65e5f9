"""What a callback of Gupshup's holds, in version 2 of its form: https://docs.gupshup.io/docs/inbound-messages

Nothing here raises: a field that is missing or of another type counts as empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.channels.contract import Consent, Event, Ignored, Said, Status
from chalicelib.channels.meta import inside
from chalicelib.channels.whatsapp_contents import identities_of
from chalicelib.channels.whatsapp_gupshup import errors
from chalicelib.channels.whatsapp_gupshup.said import content_of
from chalicelib.channels.whatsapp_partners import milliseconds
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import word

STATUSES = {"enqueued": SENT, "sent": SENT, "delivered": DELIVERED, "read": READ, "failed": FAILED}
"""https://partner-docs.gupshup.io/docs/v3-message-events (of version 2, too)"""
PASSED_OVER = frozenset({"deleted", "mismatch", "referral"})
"""Other types of message events: of no message of ours, or of what Meta tells no more."""
KNOWN = frozenset({
    "billing-event", "template-event", "account-event", "onboarding-event", "system-event", "flow-event",
    "payment-event",
})  # fmt: skip
"""Events that are about the account, and passed over."""
_OPTED = {"opted-in": True, "opted-out": False}
"""https://docs.gupshup.io/docs/user-events"""
_NOBODY = "callbackSetPhone"
"""Who has "started" when a callback's address is set."""
_MOST_WHY = 200


def events(given: dict[str, Any], app: str, now_ms: int) -> Iterator[Event]:
    """All that a callback tells of the app."""
    kind, named, payload = word(given.get("type"))[:64], word(given.get("app")), inside(given, "payload")
    at_ms = milliseconds(word(given.get("timestamp")), now_ms)
    if named and app and named != app:
        # A partner may have one address for all its apps.
        yield Ignored(f"another app: {named[:64]}")
    elif kind == "message":
        yield _said(payload, at_ms)
    elif kind == "message-event":
        yield from _statuses(payload, at_ms, now_ms)
    elif kind == "user-event":
        yield _user(payload, at_ms)
    elif kind in KNOWN:
        yield Ignored(f"{kind} {word(payload.get('type'))[:64]}".strip())
    elif "entry" in given:
        yield Ignored("callback of version 3: choose version 2")
    elif not kind:
        yield Ignored("callback of nothing")
    else:
        yield Ignored(f"unknown type of callback: {kind}")


def _said(payload: dict[str, Any], at_ms: int) -> Event:
    sender = inside(payload, "sender")
    number, user_id = word(payload.get("source")) or word(sender.get("phone")), word(sender.get("userId"))
    address = number or user_id
    if in_a_group(payload, number, word(payload.get("sender"))):
        return Ignored(GROUP)
    if not 0 < len(address) <= MAX_ID:
        return Ignored("message without a sender")
    id, name = word(payload.get("id"))[:MAX_ID], word(sender.get("name"))[:MAX_ID]
    known = identities_of(number, user_id)
    return Said(address, id, content_of(payload), at_ms, name, known, repeatable=bool(id))


def _statuses(payload: dict[str, Any], at_ms: int, now_ms: int) -> Iterator[Event]:
    """What became of a message, and what its failing says of the user."""
    told = _status(payload, at_ms, now_ms)
    yield told
    error = (told.error or {}) if isinstance(told, Status) else {}
    scope = errors.OPTED_OUT.get(error.get("code", ""))
    if isinstance(told, Status) and scope and told.address and not in_a_group(payload, told.address):
        why, id = f"{error['code']}: {error['reason']}"[:_MOST_WHY], f"{told.provider_id}.opted_out"[-MAX_ID:]
        yield Consent(told.address, False, told.at_ms, scope, why, id)


def _status(payload: dict[str, Any], at_ms: int, now_ms: int) -> Event:
    given, details = word(payload.get("type"))[:64], inside(payload, "payload")
    if given in PASSED_OVER:
        return Ignored(f"message-event {given}")
    if given not in STATUSES:
        return Ignored(f"unknown status: {given}")
    # What we were answered with is Gupshup's id. Beside it `id` is WhatsApp's own, alone it is Gupshup's.
    id = word(payload.get("gsId")) or word(payload.get("id"))
    if not id:
        return Ignored("status without an id")
    ts = word(details.get("ts")) or word(payload.get("ts"))
    error = errors.failure(details) if given == "failed" else None
    address = word(payload.get("destination"))[:MAX_ID]
    return Status(id[:MAX_ID], STATUSES[given], milliseconds(ts, now_ms) if ts else at_ms, address, error)


def _user(payload: dict[str, Any], at_ms: int) -> Event:
    kind, number = word(payload.get("type"))[:64], word(payload.get("phone"))
    if kind not in _OPTED or number == _NOBODY:
        return Ignored(f"user-event {kind}")
    if not 0 < len(number) <= MAX_ID:
        return Ignored("consent of nobody")
    return Consent(number, _OPTED[kind], at_ms, why=kind, identities=identities_of(number, ""))
