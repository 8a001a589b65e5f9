"""What a callback of Netcore's holds: messages and receipts, in batches.

https://wadocs.pepipost.com/webhooks/overview. Nothing here raises: a field that is missing or of another type counts as
empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.channels.contract import Changed, Event, Ignored, Said, Status
from chalicelib.channels.meta import inside, read_own
from chalicelib.channels.whatsapp_contents import identities_of
from chalicelib.channels.whatsapp_netcore import errors
from chalicelib.channels.whatsapp_netcore.said import content_of, quoted
from chalicelib.channels.whatsapp_partners import milliseconds
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

STATUSES = {"sent": SENT, "delivered": DELIVERED, "read": READ, "failed": FAILED}
"""In any case of letters."""
OWN = "x-apiheader"
"""What a message carries of ours, and brings back."""


def events(given: Any, now_ms: int) -> Iterator[Event]:
    """All that a callback tells, in its order."""
    body = given if isinstance(given, dict) else {}
    messages, statuses = dicts(body.get("incoming_message")), dicts(body.get("delivery_status"))
    if not messages and not statuses:
        # Also what an address is tried with when it is set.
        yield Ignored("callback of nothing")
    for message in messages:
        yield _said(message, now_ms)
    for status in statuses:
        yield _status(status, now_ms)


def _said(message: dict[str, Any], now_ms: int) -> Event:
    address, kind = word(message.get("from")), word(message.get("message_type"))[:64]
    if in_a_group(message, address):
        return Ignored(GROUP)
    if not 0 < len(address) <= MAX_ID:
        return Ignored("message without a sender")
    id, at_ms = word(message.get("message_id"))[:MAX_ID], milliseconds(word(message.get("received_at")), now_ms)
    emoji, about = word(inside(message, "reaction_type").get("emoji"))[:64], quoted(message)
    if kind.upper() == "REACTION" and about:
        return Changed(address, "reaction", about, at_ms, id, emoji)
    name = word(message.get("from_name"))[:MAX_ID]
    known = identities_of(address, "")
    return Said(address, id, content_of(message), at_ms, name, known, repeatable=bool(id))


def _status(status: dict[str, Any], now_ms: int) -> Event:
    given = word(status.get("status"))[:64]
    state, id = STATUSES.get(given.lower(), ""), word(status.get("ncmessage_id"))
    if not state:
        return Ignored(f"unknown status: {given}")
    own, part = read_own(word(status.get(OWN))[:MAX_ID])
    if not id and not own:
        return Ignored("status without an id")
    error = errors.remarked(word(status.get("status_remark"))) if state == FAILED else None
    at_ms, address = milliseconds(word(status.get("received_at")), now_ms), word(status.get("recipient"))[:MAX_ID]
    return Status(id[:MAX_ID], state, at_ms, address, error, own, part)
