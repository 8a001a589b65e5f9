"""WhatsApp by Twilio: https://www.twilio.com/docs/whatsapp (read November 2026).

What all of Twilio's channels share is in the modules twilio*.py beside this folder, what all of WhatsApp's share in
whatsapp_*.py; here is what is other at Twilio: choices and templates are resources of its Content API.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.channels import fallback, twilio, twilio_incoming, twilio_media
from chalicelib.channels.contract import (
    Channel,
    Denied,
    File,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    TryLater,
)
from chalicelib.channels.twilio_outgoing import Form, sent
from chalicelib.channels.twilio_whatsapp import contents, incoming, outgoing
from chalicelib.channels.twilio_whatsapp.connecting import connect as connect
from chalicelib.channels.twilio_whatsapp.incoming import PREFIX
from chalicelib.channels.twilio_whatsapp.limits import LIMITS as LIMITS
from chalicelib.channels.twilio_whatsapp.templates import templates as templates
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import Content

LABEL = "WhatsApp"
CAN = frozenset({"receive", "status", "send", "media", "connect", "typing", "templates"})
SHOWS = outgoing.SHOWS
SECRETS = twilio.SECRETS
STATUSES = twilio_incoming.STATUSES
ADDRESSES = "phone"
NEEDS_URL = True
"""Twilio signs the URL, and is told with each message where its statuses go."""
_UNFIT = frozenset({"21654", "21655", "21656"})
"""Codes of a message whose Content resource, or what fills it, Twilio does not take."""


def receive(request: Request, channel: Channel) -> Received | Denied:
    """A message that came in, or what became of one that went out."""
    return twilio_incoming.taken(request, channel, PREFIX, incoming.events)


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to the account's `Messages.json`, as often as there is no one message for it.

    Buttons and lists need a resource: where none is to be had, or Twilio does not take what fills it, they are numbered
    text, and what went out before stays as it is.
    """
    content = fallback.adapted(message.content, SHOWS, LIMITS)
    if not all(item.url.startswith(("https://", "http://")) for item in content.media):
        # Twilio fetches files; what only another provider can open it would refuse.
        content = fallback.in_text(content)
    if content.type == "template":
        id = await contents.template(content.details, channel, call)
        if not isinstance(id, str):
            return replace(id, done=message.done)
        forms = outgoing.filled(Content(), id, contents.parameters(content.details))
        return await sent(forms, message, channel, call, PREFIX)
    before: tuple[str, ...] = ()
    if chosen := await _choices(content, channel, call):
        outcome = await sent(chosen, message, channel, call, PREFIX)
        if not isinstance(outcome, Refused) or outcome.code not in _UNFIT:
            return outcome
        message, before = replace(message, done=outcome.done), outcome.parts
    outcome = await sent(outgoing.forms(content), message, channel, call, PREFIX)
    return replace(outcome, parts=(*before, *outcome.parts))


async def _choices(content: Content, channel: Channel, call: Call) -> list[Form]:
    """Buttons or a list by a resource, after their files; none where they are neither, or it is not to be had."""
    layout = contents.layout(content) if content.type in outgoing.CHOICES else None
    id = await contents.made(layout, channel, call) if layout else ""
    return outgoing.filled(content, id, layout.variables()) if layout and id else []


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file behind the `Media.url` of a message from here (`twilio-media:<address>`)."""
    return await twilio_media.fetched(reference, channel, call)


async def signal(kind: str, address: str, about: str, channel: Channel, call: Call) -> None:
    """Show that somebody writes, for 25 seconds or until the answer, which says of `about` that it was read, too:
    https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource"""
    url = f"{twilio.base_url(channel, 'messaging')}/v2/Indicators/Typing.json"
    await twilio.posted(url, [("messageId", about), ("channel", "whatsapp")], channel, call)
