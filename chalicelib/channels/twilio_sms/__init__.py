"""SMS and MMS by Twilio: https://www.twilio.com/docs/messaging (read November 2026).

What all of Twilio's channels share is in the modules twilio*.py beside this folder; here is what is other with SMS:
which words are a stop, how much one takes, and where pictures go.
"""

from __future__ import annotations

from chalicelib.channels import twilio, twilio_connecting, twilio_incoming, twilio_media
from chalicelib.channels.contract import (
    Channel,
    Connected,
    Denied,
    File,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    TryLater,
)
from chalicelib.channels.twilio_outgoing import sent
from chalicelib.channels.twilio_sms import incoming, outgoing
from chalicelib.channels.twilio_sms.limits import LIMITS as LIMITS
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

LABEL = "SMS"
CAN = frozenset({"receive", "status", "send", "media", "connect"})
SHOWS = outgoing.SHOWS
SECRETS = twilio.SECRETS
STATUSES = twilio_incoming.STATUSES
ADDRESSES = "phone"
NEEDS_URL = True
"""Twilio signs the URL, and is told with each message where its statuses go."""


def receive(request: Request, channel: Channel) -> Received | Denied:
    """A message that came in, or what became of one that went out."""
    return twilio_incoming.taken(request, channel, "", incoming.events)


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to the account's `Messages.json`, as often as it is too long for one.

    Twilio takes no idempotency key: our delivery's id comes back in statuses, in the query of their URL.
    """
    return await sent(outgoing.forms(message, word(channel.settings.get("from"))), message, channel, call)


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file behind the `Media.url` of a message from here (`twilio-media:<address>`)."""
    return await twilio_media.fetched(reference, channel, call)


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What Twilio says of the account and the sender; with a `webhook_url` the number or service calls that."""
    return await twilio_connecting.of_numbers(channel, call)
