"""Instagram: what people write to a professional account.

https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/messaging-api (read
November 2026). Messenger has the same protocol: what both share is in meta_*.py beside this folder, what all of Meta's
channels share in meta.py.
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
from chalicelib.channels.instagram.limits import LIMITS as LIMITS
from chalicelib.channels.meta import taken
from chalicelib.channels.meta_kind import SECRETS as SECRETS
from chalicelib.channels.meta_kind import SHOWS as SHOWS
from chalicelib.channels.meta_kind import Kind
from chalicelib.domain.exchange import Call

LABEL = "Instagram"
CAN = frozenset({"receive", "status", "challenge", "send", "connect", "typing", "seen"})
STATUSES = {name: state for name, state in meta_incoming.STATES.items() if name != "delivery"}
KIND = Kind(
    object="instagram",
    own="account_id",
    limits=LIMITS,
    metadata=False,
    replies=False,
    named="name,username",
    subscribes=(
        "messages", "messaging_postbacks", "messaging_referral", "messaging_seen", "message_reactions",
        "message_edit",
    ),
)  # fmt: skip


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Answer Meta's verification, or read a notification."""
    return taken(request, channel, lambda given: meta_incoming.events(given, KIND, channel, request.now_ms))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to `<api_base>/<account_id>/messages`, or the linked Page's, in as many parts as it takes."""
    return await meta_outgoing.send(message, channel, call, KIND)


async def signal(kind: str, address: str, about: str, channel: Channel, call: Call) -> None:
    """Show that somebody writes, or that all was read: .../messaging-api/sender-actions"""
    await meta_outgoing.signal(kind, address, channel, call, KIND)


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What Meta says of the account and its token; with a `webhook_url` the account is subscribed to the app."""
    return await meta_connecting.connect(channel, call, KIND)
