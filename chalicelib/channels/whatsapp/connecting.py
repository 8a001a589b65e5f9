"""Whether Meta knows the number and the token, until when, and having it call us.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers,
https://developers.facebook.com/docs/graph-api/reference/debug_token, .../whatsapp/webhooks/override (November 2026).
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.meta import error_in
from chalicelib.channels.meta_connecting import token_of, trouble
from chalicelib.channels.whatsapp import errors
from chalicelib.channels.whatsapp.place import authorised, base_url
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

NUMBER, ACCOUNT = "/settings/phone_number_id", "/settings/business_account_id"
_FACTS = {"number": "display_phone_number", "name": "verified_name", "quality": "quality_rating"}


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What Meta says of the number and its token.

    With a `webhook_url`, and the account in the settings, the app is subscribed to the account and the number calls
    that URL: Meta asks it for its challenge meanwhile. The number's own callback goes before the account's, which
    other numbers have too.
    """
    number = word(channel.settings.get("phone_number_id"))
    exchange = await call(
        "GET", f"{base_url(channel)}/{number}?fields={','.join(_FACTS.values())}", headers=authorised(channel)
    )
    if wrong := _trouble(exchange, NUMBER):
        return wrong
    given = answered(exchange)
    if not (word(given.get("display_phone_number")) or word(given.get("id")) == number):
        return TryLater("not Meta's answer")
    facts = {name: value for name, field in _FACTS.items() if (value := word(given.get(field)))}
    app, expires_ms = await token_of(channel, base_url(channel), call)
    facts |= {"app": app} if app else {}
    account = word(channel.settings.get("business_account_id"))
    if account and channel.webhook_url:
        if wrong := await _call_us(channel, account, number, call):
            return wrong
        facts["webhook"] = "registered"
    return Connected(facts, expires_ms, registers=bool(account))


async def _call_us(channel: Channel, account: str, number: str, call: Call) -> TryLater | Refused | None:
    ours = {"override_callback_uri": channel.webhook_url, "verify_token": channel.secrets.get("verify_token", "")}
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        (f"{account}/subscribed_apps", {}, ACCOUNT),
        (number, {"webhook_configuration": ours}, ""),
    )
    headers = {"content-type": "application/json", **authorised(channel)}
    for path, body, about in steps:
        exchange = await call("POST", f"{base_url(channel)}/{path}", headers=headers, body=json.dumps(body).encode())
        if wrong := _trouble(exchange, about):
            return wrong
        if answered(exchange).get("success") is not True:
            return TryLater("not Meta's answer")
    return None


def _trouble(exchange: Exchange, about: str) -> TryLater | Refused | None:
    code, reason = errors.read(error_in(exchange))
    return trouble(exchange, about, code, reason)
