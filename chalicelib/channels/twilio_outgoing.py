"""Messages handed to Twilio, one form each: https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, Outcome, Outgoing, Refused, Sent
from chalicelib.channels.twilio_incoming import status_url
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

Form = list[tuple[str, str]]
"""What a message says; to whom, from whom and where statuses go is the same for each."""
SHORTEST_NUMBER = 7
"""Digits of a phone number; what has fewer is a short code, which has no `+`."""


async def sent(forms: Sequence[Form], message: Outgoing, channel: Channel, call: Call, prefix: str = "") -> Outcome:
    """Post each form, in order; the id is the last one's. Where one must wait, those before it are not sent again."""
    if not forms:
        return Refused("nothing_to_send", "the message has neither text nor anything that is shown there")
    parts: list[str] = []
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    begin = min(message.done, len(forms) - 1)
    for place, form in enumerate(forms[begin:], begin + 1):
        around = _around(message, channel, prefix, last=place == len(forms))
        exchange = await twilio.posted(twilio.of_account(channel, "Messages.json"), [*around, *form], channel, call)
        if trouble := twilio_errors.of(exchange, message.now_ms):
            return replace(trouble, done=message.done + len(parts), parts=tuple(parts))
        parts.append(word(answered(exchange).get("sid")) or message.id)
    return Sent(parts[-1], tuple(parts[:-1]))


def _around(message: Outgoing, channel: Channel, prefix: str, *, last: bool) -> Form:
    sender, service = word(channel.settings.get("from")), word(channel.settings.get("messaging_service_sid"))
    form = [("To", prefix + number(message.address.removeprefix(prefix)))]
    form += [("From", prefix + number(sender.removeprefix(prefix)))] if sender else []
    form += [("MessagingServiceSid", service)] if service else []
    url = status_url(channel, message.id, last=last)
    return [*form, *([("StatusCallback", url)] if url else [])]


def number(address: str) -> str:
    """A number as Twilio takes it (E.164), also where it is written without its `+`; what is none as it is."""
    bare = address.isascii() and address.isdecimal() and len(address) >= SHORTEST_NUMBER
    return f"+{address}" if bare else address
