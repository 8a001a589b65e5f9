"""WhatsApp through Gupshup: by its self-serve API, https://docs.gupshup.io (read November 2026), or by the gateway of
its enterprise accounts.

What users send is read in incoming.py and said.py, what they are sent is put together in outgoing.py, Gupshup's codes
are in errors.py. What the gateway has otherwise is in gateway_incoming.py and gateway_outgoing.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.channels import webhook_token
from chalicelib.channels.contract import (
    Channel,
    Denied,
    Event,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Response,
    Sent,
    TryLater,
)
from chalicelib.channels.whatsapp_gupshup import errors, gateway_incoming, gateway_outgoing, incoming, outgoing
from chalicelib.channels.whatsapp_gupshup.outgoing import LIMITS as LIMITS
from chalicelib.channels.whatsapp_gupshup.place import is_enterprise, number, posted, submitted
from chalicelib.channels.whatsapp_partners import sent
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered, malformed, unanswered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

LABEL = "WhatsApp"
ADDRESSES = "digits"
CAN = frozenset({"receive", "status", "challenge", "send"})
SHOWS = outgoing.SHOWS
SECRETS = {"api_key": "required", webhook_token.NAME: "token", "hsm_password": "spare"}
STATUSES = incoming.STATUSES | gateway_incoming.STATUSES


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read a callback: 401 where it does not bring the channel's token, 200 for all that was read. The answer is empty,
    as Gupshup may take words in it for an answer to the user. A GET without fields asks whether somebody is there."""
    if denied := webhook_token.denied(request, channel):
        return denied
    try:
        given = gateway_incoming.fields(request)
    except ValueError as error:
        return malformed(error)
    return Received(tuple(_events(given, request, channel)), Response(200, ""))


def _events(given: dict[str, Any], request: Request, channel: Channel) -> Iterable[Event]:
    if gateway_incoming.ANY & given.keys():
        return gateway_incoming.events(given, number(channel), request.now_ms)
    if request.method == "GET":
        return ()
    return incoming.events(given, word(channel.settings.get("app_name")), request.now_ms)


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post what Gupshup has for the message; it takes it at once and tells in events what became of it."""
    if is_enterprise(channel):
        return await _through_gateway(message, channel, call)

    async def post(form: outgoing.Form) -> Outcome:
        path, fields = form
        timeout_s = FETCHED_S if outgoing.is_fetched(form) else SOON_S
        exchange = await posted(path, fields, channel, call, timeout_s=timeout_s)
        if trouble := errors.of(exchange, message.now_ms):
            return trouble
        return Sent(word(answered(exchange).get("messageId")) or message.id)

    forms = outgoing.forms(message)
    if not forms and message.content.type == "template":
        return Refused("bad_template", "a template needs its name, which at Gupshup is its id")
    return await sent(message, forms, post)


async def _through_gateway(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    async def submit(form: gateway_outgoing.Form) -> Outcome:
        timeout_s = FETCHED_S if "media_url" in form else SOON_S
        is_template = gateway_outgoing.is_template(form)
        exchange = await submitted(form, channel, call, is_template=is_template, timeout_s=timeout_s)
        return gateway_outgoing.outcome(exchange, message)

    forms = gateway_outgoing.forms(message)
    if message.content.type == "template":
        if not forms:
            return Refused("bad_template", "a template needs its text, by which the gateway knows it")
        if channel.settings.get("opt_in") is True and (later := await _opted_in(message, channel, call)):
            return later
    return await sent(message, forms, submit)


async def _opted_in(message: Outgoing, channel: Channel, call: Call) -> TryLater | None:
    """Tell the gateway that the user agrees, who may else get no templates. What it says is not asked, as that is a no
    also where it knows already; only where it did not answer, the message waits."""
    exchange = await submitted(gateway_outgoing.opt_in(message), channel, call, is_template=True)
    return unanswered(exchange, message.now_ms)
