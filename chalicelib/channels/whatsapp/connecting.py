"""Whether Meta knows the number and the token, until when, and having it call us.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers,
https://developers.facebook.com/docs/graph-api/reference/debug_token, .../whatsapp/webhooks/override (November 2026).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.whatsapp import errors
from chalicelib.channels.whatsapp.place import authorised, base_url
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

TOKEN, NUMBER, ACCOUNT = "/secrets/access_token", "/settings/phone_number_id", "/settings/business_account_id"
_FACTS = {"number": "display_phone_number", "name": "verified_name", "quality": "quality_rating"}
_BAD_TOKEN, _BAD_PARAMETER = "190", "100"


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
    if trouble := _trouble(exchange, NUMBER):
        return trouble
    given = answered(exchange)
    if not (word(given.get("display_phone_number")) or word(given.get("id")) == number):
        return TryLater("not Meta's answer")
    facts = {name: value for name, field in _FACTS.items() if (value := word(given.get(field)))}
    app, expires_ms = await _token(channel, call)
    facts |= {"app": app} if app else {}
    account = word(channel.settings.get("business_account_id"))
    if account and channel.webhook_url:
        if trouble := await _call_us(channel, account, number, call):
            return trouble
        facts["webhook"] = "registered"
    return Connected(facts, expires_ms, registers=bool(account))


async def _token(channel: Channel, call: Call) -> tuple[str, int]:
    """(the app that the token is of, when it ends in milliseconds since the epoch, 0: never), as far as Meta tells."""
    token = quote(channel.secrets.get("access_token", ""), safe="")
    exchange = await call("GET", f"{base_url(channel)}/debug_token?input_token={token}", headers=authorised(channel))
    told = answered(exchange).get("data") if exchange.status == 200 else None
    if not isinstance(told, dict):
        return "", 0
    ends = told.get("expires_at")
    return word(told.get("application")), ends * 1000 if type(ends) is int and 0 < ends < 10**11 else 0


async def _call_us(channel: Channel, account: str, number: str, call: Call) -> TryLater | Refused | None:
    ours = {"override_callback_uri": channel.webhook_url, "verify_token": channel.secrets.get("verify_token", "")}
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        (f"{account}/subscribed_apps", {}, ACCOUNT),
        (number, {"webhook_configuration": ours}, ""),
    )
    headers = {"content-type": "application/json", **authorised(channel)}
    for path, body, about in steps:
        exchange = await call("POST", f"{base_url(channel)}/{path}", headers=headers, body=json.dumps(body).encode())
        if trouble := _trouble(exchange, about):
            return trouble
        if answered(exchange).get("success") is not True:
            return TryLater("not Meta's answer")
    return None


def _trouble(exchange: Exchange, about: str) -> TryLater | Refused | None:
    """What is wrong. Beyond doubt it is the token where Meta says so, and what was asked `about` where Meta, in its own
    form, does not know it: there is nothing else in these requests that could be wrong."""
    error = answered(exchange).get("error")
    code, reason = errors.read(error) if isinstance(error, dict) else ("", "")
    if exchange.status == 401 or code == _BAD_TOKEN:
        return Refused(code or "http_401", reason or "Meta does not know the token", at=TOKEN)
    if code == _BAD_PARAMETER or (code and exchange.status == 404):
        return Refused(code, reason, at=about)
    if later := unanswered(exchange, 0):
        return TryLater(f"{code}: {reason}" if code else later.error)
    if exchange.status >= 300:
        return Refused(code or f"http_{exchange.status}", reason or f"it answered {exchange.status}")
    return None
