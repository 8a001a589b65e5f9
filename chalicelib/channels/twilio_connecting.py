"""Whether Twilio knows the account, its token and its sender, and having it call us.

https://www.twilio.com/docs/iam/api/account, .../phone-numbers/api/incomingphonenumber-resource and
.../messaging/api/service-resource. The URL is told with what has Twilio try again (`twilio.OVERRIDES`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import dicts, word

Trouble = TryLater | Refused
ACCOUNT, SENDER, SERVICE, TOKEN = (
    "/settings/account_sid",
    "/settings/from",
    "/settings/messaging_service_sid",
    "/secrets/auth_token",
)
NOT_THEIRS = TryLater("not Twilio's answer")
REGISTERED = {"webhook": "registered"}
_WRONG_TOKEN, _NOT_FOUND = 20003, 20404
_ACTIVE = "active"


async def account(channel: Channel, call: Call) -> dict[str, str] | Trouble:
    """What Twilio says of the account."""
    url = f"{twilio.base_url(channel)}/{twilio.VERSION}/Accounts/{quote(twilio.account(channel), safe='')}.json"
    exchange = await twilio.asked(url, channel, call)
    if wrong := trouble(exchange, ACCOUNT):
        return wrong
    given = answered(exchange)
    if not word(given.get("sid")):
        return NOT_THEIRS
    status = word(given.get("status"))
    if status and status != _ACTIVE:
        return TryLater(f"the account is {status}"[:200])
    return named(name=given.get("friendly_name"))


async def of_numbers(
    channel: Channel, call: Call, *, url_field: str = "SmsUrl", method_field: str = "SmsMethod"
) -> Connected | Trouble:
    """What Twilio says of account and sender; with a `webhook_url` the sender calls that from now on.

    A messaging service answers for all its numbers. A short code or a name is nobody's to ask about: what is set there
    by hand calls us too. The fields are those of the number that say where it calls.
    """
    facts = await account(channel, call)
    if not isinstance(facts, dict):
        return facts
    sender, service = word(channel.settings.get("from")), word(channel.settings.get("messaging_service_sid"))
    if service:
        url = f"{twilio.base_url(channel, 'messaging')}/v1/Services/{quote(service, safe='')}"
        exchange = await twilio.asked(url, channel, call)
        if wrong := trouble(exchange, SERVICE) or _unnamed(exchange):
            return wrong
        facts |= named(service=answered(exchange).get("friendly_name"))
        form = [
            ("InboundRequestUrl", _told(channel)),
            ("InboundMethod", "POST"),
            ("UseInboundWebhookOnNumber", "false"),
        ]
    elif sender.startswith("+"):
        found = await _number(channel, sender, call)
        if not isinstance(found, dict):
            return found
        url = twilio.of_account(channel, f"IncomingPhoneNumbers/{quote(word(found.get('sid')), safe='')}.json")
        facts |= named(number=found.get("phone_number"))
        form = [(url_field, _told(channel)), (method_field, "POST")]
    else:
        return Connected(facts)
    if channel.webhook_url:
        exchange = await twilio.posted(url, form, channel, call)
        if wrong := trouble(exchange, "") or _unnamed(exchange):
            return wrong
        facts |= REGISTERED
    return Connected(facts, registers=True)


async def _number(channel: Channel, sender: str, call: Call) -> dict[str, Any] | Trouble:
    url = twilio.of_account(channel, f"IncomingPhoneNumbers.json?PhoneNumber={quote(sender, safe='')}")
    exchange = await twilio.asked(url, channel, call)
    if wrong := trouble(exchange, ACCOUNT):
        return wrong
    given = answered(exchange).get("incoming_phone_numbers")
    if not isinstance(given, list):
        return NOT_THEIRS
    found = next(
        (one for one in dicts(given) if word(one.get("phone_number")) == sender and word(one.get("sid"))), None
    )
    return found or Refused("no_such_number", "the account has no such number", at=SENDER)


def _told(channel: Channel) -> str:
    return channel.webhook_url + twilio.OVERRIDES


def _unnamed(exchange: Exchange) -> TryLater | None:
    return None if word(answered(exchange).get("sid")) else NOT_THEIRS


def named(**given: Any) -> dict[str, str]:
    """Those facts that are said."""
    return {name: text[:200] for name, value in given.items() if (text := word(value))}


def trouble(exchange: Exchange, about: str) -> Trouble | None:
    """What is wrong. Beyond doubt it is the token where Twilio, in its own form, says so, and what was asked `about`
    where it knows none of that name."""
    code, reason = twilio_errors.read(exchange)
    if exchange.status == 401 and code == _WRONG_TOKEN:
        return Refused(str(code), reason or "Twilio does not know the token", at=TOKEN)
    if exchange.status == 404 and code == _NOT_FOUND and about:
        return Refused(str(code), reason or "Twilio does not know it", at=about)
    if later := unanswered(exchange, 0):
        return TryLater(f"{code}: {reason}"[:300] if code else later.error)
    if exchange.status >= 300:
        return TryLater(f"{code or exchange.status}: {reason}"[:300] if reason else f"http_{exchange.status}")
    return None
