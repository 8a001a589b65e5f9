"""Whether Twilio knows account and sender, and having the sender call us.

https://www.twilio.com/docs/whatsapp/api/senders. A sender of the sandbox is not among the account's: it calls what the
sandbox's own page says.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from chalicelib.channels import twilio, twilio_connecting
from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.twilio_connecting import NOT_THEIRS, REGISTERED, named, trouble
from chalicelib.channels.twilio_outgoing import number
from chalicelib.channels.twilio_whatsapp.incoming import PREFIX
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import dicts, word

_MOST = 100
"""Senders of an account that are looked at."""


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What Twilio says of them; with a `webhook_url` the sender calls that from now on."""
    sender = number(word(channel.settings.get("from")).removeprefix(PREFIX))
    if not sender:
        return await twilio_connecting.of_numbers(channel, call)
    facts = await twilio_connecting.account(channel, call)
    if not isinstance(facts, dict):
        return facts
    base = f"{twilio.base_url(channel, 'messaging')}/v2/Channels/Senders"
    exchange = await twilio.asked(f"{base}?Channel=whatsapp&PageSize={_MOST}", channel, call)
    if wrong := trouble(exchange, ""):
        return wrong
    given = answered(exchange).get("senders")
    if not isinstance(given, list):
        return NOT_THEIRS
    found = next(
        (one for one in dicts(given) if word(one.get("sender_id")) == PREFIX + sender and word(one.get("sid"))), None
    )
    if found is None:
        return Connected(facts)
    profile = found.get("profile")
    facts |= named(number=sender, name=profile.get("name") if isinstance(profile, dict) else "")
    if channel.webhook_url:
        body = {"webhook": {"callback_url": channel.webhook_url + twilio.OVERRIDES, "callback_method": "POST"}}
        headers = {"content-type": "application/json", **twilio.authorised(channel)}
        url = f"{base}/{quote(word(found.get('sid')), safe='')}"
        exchange = await call("POST", url, headers=headers, body=json.dumps(body).encode())
        if wrong := trouble(exchange, ""):
            return wrong
        if not word(answered(exchange).get("sid")):
            return NOT_THEIRS
        facts |= REGISTERED
    return Connected(facts, registers=True)
