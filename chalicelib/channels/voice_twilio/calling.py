"""Calls that we make: https://www.twilio.com/docs/voice/api/call-resource"""

from __future__ import annotations

import re

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, LastCall, Outcome, Outgoing, Refused, Sent, TryLater
from chalicelib.channels.voice_twilio import places
from chalicelib.channels.voice_twilio.incoming import LEFT
from chalicelib.channels.voice_twilio.places import Place
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_ASKED = {"hang_up": "Enable", "leave_message": "DetectMessageEnd"}
_GOES_ON = ("queued", "initiated", "ringing", "in-progress")
SURE_MS = 300_000
"""For how long a call that was heard of is taken to go on; longer ago, Twilio is asked."""
SLACK_MS = 5000
"""What is said so soon after a call was said in it: events cross."""


async def called(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Have a message spoken: by the call that goes on, which fetches it, else by one that is made for it."""
    last = message.call
    if message.author == "bot" and LEFT in message.reply and (last is None or last.ended_ms):
        return Refused("no_call", "a message that was left is not answered with a call by itself")
    if last is not None and last.ended_ms and last.began_ms <= message.said_ms <= last.ended_ms + SLACK_MS:
        return Refused("call_ended", "the call was over before it was spoken")
    if last is not None and not last.ended_ms:
        going = await _goes_on(last, message.now_ms, channel, call)
        if isinstance(going, TryLater):
            return going
        if going:
            return Sent("")
    if not _NUMBER.fullmatch(message.address):
        return Refused("no_number", "whom it is for has withheld their number, or has none")
    if not channel.webhook_url:
        return TryLater("no_public_address")
    exchange = await twilio.posted(twilio.of_account(channel, "Calls.json"), _form(message, channel), channel, call)
    if found := twilio_errors.of(exchange, message.now_ms):
        return found
    return Sent(word(answered(exchange).get("sid"))[:64] or message.id)


async def _goes_on(last: LastCall, now_ms: int, channel: Channel, call: Call) -> bool | TryLater:
    """Whether the last call still goes on: what was heard a moment ago says so, else Twilio."""
    if now_ms - last.heard_ms < SURE_MS:
        return True
    exchange = await twilio.asked(twilio.of_account(channel, f"Calls/{last.id}.json"), channel, call)
    if exchange.status == 404:
        return False
    found = twilio_errors.of(exchange, now_ms) if not 200 <= exchange.status < 300 else None
    if found is not None:
        return found if isinstance(found, TryLater) else TryLater(f"{found.code}: {found.reason}"[:300])
    return word(answered(exchange).get("status")) in _GOES_ON


def _form(message: Outgoing, channel: Channel) -> list[tuple[str, str]]:
    settings = channel.settings
    place = Place(own=message.id)
    form = [
        ("To", message.address),
        ("From", word(settings.get("from"))),
        ("Url", places.webhook(channel, places.ANSWERED, place) + twilio.OVERRIDES),
        ("StatusCallback", places.webhook(channel, places.STATUS, place) + twilio.OVERRIDES),
        *(("StatusCallbackEvent", one) for one in ("initiated", "completed")),
        ("Timeout", str(settings.get("ring_s") or 30)),
    ]
    if asked := _ASKED.get(word(settings.get("machines"))):
        form.append(("MachineDetection", asked))
    return form
