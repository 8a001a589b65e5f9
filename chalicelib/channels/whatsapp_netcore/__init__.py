"""WhatsApp through Netcore Cloud: https://wadocs.pepipost.com (read November 2026).

What users send is read in incoming.py and said.py, what they are sent is put together in outgoing.py, Netcore's codes
are in errors.py.
"""

from __future__ import annotations

from chalicelib.channels import webhook_token
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
    Sent,
    TryLater,
)
from chalicelib.channels.whatsapp_netcore import errors, incoming, outgoing
from chalicelib.channels.whatsapp_netcore.media import fetched
from chalicelib.channels.whatsapp_netcore.outgoing import LIMITS as LIMITS
from chalicelib.channels.whatsapp_netcore.place import CONSENT_PATH, posted, send_path
from chalicelib.channels.whatsapp_partners import sent
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered, malformed, unanswered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import mended, word

LABEL = "WhatsApp"
ADDRESSES = "digits"
CAN = frozenset({"receive", "status", "challenge", "send", "media"})
SHOWS = outgoing.SHOWS
SECRETS = {"api_key": "required", webhook_token.NAME: "token"}
STATUSES = incoming.STATUSES


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read a callback: 401 where it does not bring the channel's token, 200 for all that was read. A GET asks whether
    somebody is there."""
    if denied := webhook_token.denied(request, channel):
        return denied
    if request.method == "GET":
        return Received((), Response(200, ""))
    try:
        given = mended(request.body)
    except ValueError as error:
        return malformed(error)
    return Received(tuple(incoming.events(given, request.now_ms)), Response(200, {"status": "ok"}))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post what Netcore has for the message; it takes it at once and tells in receipts what became of it."""

    async def post(body: outgoing.Body) -> Outcome:
        timeout_s = FETCHED_S if outgoing.is_fetched(body) else SOON_S
        exchange = await posted(send_path(channel), {"message": [body]}, channel, call, timeout_s=timeout_s)
        if trouble := errors.of(exchange, message.now_ms):
            return trouble
        taken = answered(exchange).get("data")
        return Sent((word(taken.get("id")) if isinstance(taken, dict) else "") or message.id)

    bodies = outgoing.bodies(message, channel)
    if message.content.type == "template":
        if not bodies:
            return Refused("bad_template", "a template needs its name")
        if channel.settings.get("opt_in") is True and (later := await _opted_in(message, channel, call)):
            return later
    return await sent(message, bodies, post)


async def _opted_in(message: Outgoing, channel: Channel, call: Call) -> TryLater | None:
    """Tell Netcore that the user agrees, whom it else refuses (8002). What it says is not asked, as that is no also
    where it knows already; only where it did not answer, the message waits.

    https://wadocs.pepipost.com/sending-message/consent-api/manage-opt-in-opt-out
    """
    recipient = {"recipient": message.address.lstrip("+"), "source": "API"}
    exchange = await posted(CONSENT_PATH, {"type": "optin", "recipients": [recipient]}, channel, call)
    return unanswered(exchange, message.now_ms)


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file behind the `Media.url` of a message from here (`netcore-media:<id>`)."""
    return await fetched(reference, channel, call)
