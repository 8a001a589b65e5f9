"""Twilio Voice: a number that is called, and calls. https://www.twilio.com/docs/voice

What a caller hears is the answer to a request of theirs. What they do is read in incoming.py, what they are answered is
put together in answering.py and speaking.py, calls of ours are made in calling.py. How far a call has come stands in
the addresses that Twilio is given: place.py.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from chalicelib.channels import twilio, twilio_media
from chalicelib.channels.contract import (
    Channel,
    Denied,
    File,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Response,
    TryLater,
)
from chalicelib.channels.phoning import Asked, Spoken, ToSpeak
from chalicelib.channels.voice_twilio import answering, incoming, places
from chalicelib.channels.voice_twilio.calling import called
from chalicelib.channels.voice_twilio.connecting import connect as connect
from chalicelib.channels.voice_twilio.limits import LIMITS as LIMITS
from chalicelib.domain.exchange import Call

LABEL = "Voice"
ADDRESSES = "phone"
CAN = frozenset({"receive", "status", "send", "call", "media", "connect"})
SHOWS = frozenset({"text", "audio", "buttons", "list"})
SECRETS = twilio.SECRETS
STATUSES = incoming.NOT_TAKEN
NEEDS_URL = True


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read what Twilio tells of a call, and send the call on to where it waits for what it is answered: 401 where the
    signature is not the account's."""
    if denied := twilio.denied(request, channel):
        return denied
    if request.method != "POST":
        return Denied(405, "method_not_allowed", "calls are posted")
    return incoming.received(request, twilio.fields(request), channel)


def asked(request: Request, channel: Channel) -> Asked | Denied:
    """Which call waits, and for what: it stands in the address that it was given."""
    # A proxy may call us by another name than Twilio does.
    here = replace(channel, webhook_url=channel.webhook_url.removesuffix("/webhook") + "/call")
    if denied := twilio.denied(request, here):
        return denied
    place = places.read(request.query)
    return Asked(
        address=incoming.address_of(twilio.fields(request)),
        after=place.after,
        about=place.about,
        own_id=place.own,
        since=place.since,
        waits=not place.why,
        waited_s=place.waited,
        told={name: str(value) for name, value in asdict(place).items()},
    )


def spoken(asked: Asked, said: ToSpeak, channel: Channel) -> Spoken:
    """What a call is answered: what was said, and what its caller can do then."""
    return answering.spoken(asked, said, channel)


def apology(request: Request, channel: Channel) -> Response | None:
    """What is heard where the fault is ours; of what becomes of a call or a recording Twilio tells once more."""
    return None if request.query.get("do") in places.UNHEARD else answering.over("sorry", channel)


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Leave a message to the call that goes on, or call for it."""
    return await called(message, channel, call)


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """A message that a caller left."""
    return await twilio_media.fetched(reference, channel, call)
