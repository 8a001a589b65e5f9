"""Whether Twilio knows the account and the number, and where it calls us.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.voice_twilio import places
from chalicelib.channels.voice_twilio.places import Place
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import dicts, word


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """Look the number up; with a `webhook_url` have its calls come there."""
    asked = urlencode({"PhoneNumber": word(channel.settings.get("from"))})
    found = await twilio.asked(twilio.of_account(channel, f"IncomingPhoneNumbers.json?{asked}"), channel, call)
    if wrong := _wrong(found):
        return wrong
    numbers = dicts(answered(found).get("incoming_phone_numbers"))
    if not numbers:
        return Refused("unknown_number", "the number is none of the account's, which then only calls by it")
    [number, *_] = numbers
    if _capabilities(number).get("voice") is False:
        return Refused("no_voice", "the number takes no calls", at="/settings/from")
    facts = {"number": word(number.get("phone_number")), "name": word(number.get("friendly_name"))}
    facts = {name: value for name, value in facts.items() if value}
    sid = word(number.get("sid"))
    if not channel.webhook_url or not sid.isalnum():
        return Connected(facts, registers=True)
    form = [
        ("VoiceUrl", channel.webhook_url + twilio.OVERRIDES),
        ("VoiceMethod", "POST"),
        ("StatusCallback", places.webhook(channel, places.STATUS, Place()) + twilio.OVERRIDES),
        ("StatusCallbackMethod", "POST"),
    ]
    told = await twilio.posted(twilio.of_account(channel, f"IncomingPhoneNumbers/{sid}.json"), form, channel, call)
    if wrong := _wrong(told):
        return wrong
    return Connected(facts | {"webhook": "registered"}, registers=True)


def _wrong(exchange: Exchange) -> TryLater | Refused | None:
    code, reason = twilio_errors.read(exchange)
    if exchange.status == 401 or code == 20003:
        return Refused(str(code or 401), reason or "Twilio does not know the account with this token",
                       at="/secrets/auth_token")  # fmt: skip
    if exchange.status == 404:
        return Refused(str(code or 404), reason or "there is no such account", at="/settings/account_sid")
    return twilio_errors.of(exchange, 0)


def _capabilities(number: dict[str, Any]) -> dict[str, Any]:
    found = number.get("capabilities")
    return found if isinstance(found, dict) else {}
