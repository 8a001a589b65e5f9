"""Messenger: what people write to a Facebook Page.

https://developers.facebook.com/documentation/business-messaging/messenger-platform (read November 2026). Instagram has
the same protocol: what both share is in meta_*.py beside this folder, what all of Meta's channels share in meta.py.
"""

from __future__ import annotations

from chalicelib.channels import meta_connecting, meta_incoming, meta_outgoing
from chalicelib.channels.contract import (
    Channel,
    Connected,
    Denied,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    TryLater,
)
from chalicelib.channels.messenger.limits import LIMITS as LIMITS
from chalicelib.channels.meta import taken
from chalicelib.channels.meta_kind import SECRETS as SECRETS
from chalicelib.channels.meta_kind import SHOWS as SHOWS
from chalicelib.channels.meta_kind import Kind
from chalicelib.domain.exchange import Call

LABEL = "FB"
CAN = frozenset({"receive", "status", "challenge", "send", "connect", "typing", "seen"})
STATUSES = meta_incoming.STATES
KIND = Kind(
    object="page",
    own="page_id",
    limits=LIMITS,
    metadata=True,
    replies=True,
    named="name",
    subscribes=(
        "messages", "messaging_postbacks", "messaging_optins", "messaging_referrals", "message_deliveries",
        "message_reads", "message_echoes", "message_edits", "message_reactions",
    ),
)  # fmt: skip


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Answer Meta's verification, or read a notification."""
    return taken(request, channel, lambda given: meta_incoming.events(given, KIND, channel, request.now_ms))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to `<api_base>/<page_id>/messages`, in as many parts as it takes."""
    return await meta_outgoing.send(message, channel, call, KIND)


async def signal(kind: str, address: str, about: str, channel: Channel, call: Call) -> None:
    """Show that somebody writes, or that all was read: .../messenger-platform/send-messages/sender-actions"""
    await meta_outgoing.signal(kind, address, channel, call, KIND)


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What Meta says of the Page and its token; with a `webhook_url` the Page is subscribed to the app."""
    return await meta_connecting.connect(channel, call, KIND)
