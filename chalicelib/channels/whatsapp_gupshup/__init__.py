"""WhatsApp through Gupshup, by its self-serve API: https://docs.gupshup.io (read November 2026).

What users send is read in incoming.py and said.py, what they are sent is put together in outgoing.py, Gupshup's codes
are in errors.py.
"""

from __future__ import annotations

from chalicelib.channels import webhook_token
from chalicelib.channels.contract import Channel, Denied, Outcome, Outgoing, Received, Refused, Request, Response, Sent
from chalicelib.channels.whatsapp_gupshup import errors, incoming, outgoing
from chalicelib.channels.whatsapp_gupshup.outgoing import LIMITS as LIMITS
from chalicelib.channels.whatsapp_gupshup.place import posted
from chalicelib.channels.whatsapp_partners import sent
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered, malformed
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import mended, word

LABEL = "WhatsApp"
CAN = frozenset({"receive", "status", "challenge", "send"})
SHOWS = outgoing.SHOWS
SECRETS = {"api_key": "required", webhook_token.NAME: "token"}
STATUSES = incoming.STATUSES


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read a callback: 401 where it does not bring the channel's token, 200 for all that was read. The answer is empty,
    as Gupshup may take words in it for an answer to the user. A GET asks whether somebody is there."""
    if denied := webhook_token.denied(request, channel):
        return denied
    if request.method == "GET":
        return Received((), Response(200, ""))
    try:
        given = mended(request.body)
    except ValueError as error:
        return malformed(error)
    app = word(channel.settings.get("app_name"))
    return Received(tuple(incoming.events(given, app, request.now_ms)), Response(200, ""))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post what Gupshup has for the message; it takes it at once and tells in events what became of it."""

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
