"""WhatsApp through the Cloud API of Meta.

https://developers.facebook.com/documentation/business-messaging/whatsapp (read November 2026). What users send is read
in incoming.py, what they are sent is put together in outgoing.py, Meta's error codes are in errors.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.channels.contract import (
    Channel,
    Denied,
    File,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Sent,
    TryLater,
)
from chalicelib.channels.meta import taken
from chalicelib.channels.whatsapp import errors, incoming, outgoing
from chalicelib.channels.whatsapp.connecting import connect as connect
from chalicelib.channels.whatsapp.media import fetched
from chalicelib.channels.whatsapp.place import authorised, base_url
from chalicelib.channels.whatsapp.templates import templates as templates
from chalicelib.channels.whatsapp_limits import LIMITS as LIMITS
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import dicts, word

LABEL = "WhatsApp"
ADDRESSES = "digits"
CAN = frozenset({"receive", "status", "challenge", "send", "media", "templates", "connect", "typing", "seen"})
SHOWS = outgoing.SHOWS
SECRETS = {"app_secret": "required", "access_token": "required", "verify_token": "required"}
STATUSES = incoming.STATUSES


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Answer Meta's verification, or read a notification, as all channels of Meta do (meta.py)."""
    number = word(channel.settings.get("phone_number_id"))
    return taken(request, channel, lambda given: incoming.events(given, number, request.now_ms))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to `<api_base>/<phone_number_id>/messages`.

    What WhatsApp holds in several messages (more than 4096 characters, audio with text, several files) goes out as
    several, in order; the id is the last one's. Where one of them must wait, those before it are not sent again.
    """
    bodies = outgoing.bodies(message)
    if isinstance(bodies, Refused):
        return bodies
    if not bodies:
        return Refused("nothing_to_send", "the message has neither text nor anything that WhatsApp shows")
    parts: list[str] = []
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    for body in bodies[min(message.done, len(bodies) - 1) :]:
        outcome = _outcome(await _post(body, channel, call), message)
        if not isinstance(outcome, Sent):
            return replace(outcome, done=message.done + len(parts), parts=tuple(parts))
        parts.append(outcome.provider_id)
    return Sent(parts[-1], tuple(parts[:-1]))


async def signal(kind: str, address: str, about: str, channel: Channel, call: Call) -> None:
    """Show that `about` was read, which says so of those before it too; with `typing` also that somebody writes, which
    ends with the answer or after 25 seconds: .../whatsapp/typing-indicators"""
    typing = {"typing_indicator": {"type": "text"}} if kind == "typing" else {}
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": about, **typing}
    await _post(body, channel, call)


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file behind the `Media.url` of a message from here (`whatsapp-media:<id>`); Meta keeps it for days only."""
    return await fetched(reference, channel, call)


async def _post(body: Mapping[str, object], channel: Channel, call: Call) -> Exchange:
    url = f"{base_url(channel)}/{word(channel.settings.get('phone_number_id'))}/messages"
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json", **authorised(channel)}
    return await call("POST", url, headers=headers, body=raw)


def _outcome(exchange: Exchange, message: Outgoing) -> Outcome:
    if trouble := errors.of(exchange, message.now_ms):
        return trouble
    taken = dicts(answered(exchange).get("messages"))
    provider_id = word(taken[0].get("id")) if taken else ""
    return Sent(provider_id or message.id)
