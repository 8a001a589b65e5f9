"""Telegram bots: https://core.telegram.org/bots/api (10.1, June 2026).

What users do is read in incoming.py and said.py, what they are sent is put together in outgoing.py, what Telegram says
no with is in errors.py.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any

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
from chalicelib.channels.telegram import errors, incoming, outgoing, uploading
from chalicelib.channels.telegram.connecting import connect as connect
from chalicelib.channels.telegram.limits import LIMITS as LIMITS
from chalicelib.channels.telegram.limits import MOST_BYTES
from chalicelib.channels.telegram.media import fetched
from chalicelib.channels.telegram.place import posted, secret_token
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered, malformed
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import mended, word

LABEL = "Telegram"
CAN = frozenset({"receive", "send", "media", "connect", "typing"})
SHOWS = outgoing.SHOWS
FETCHES = MOST_BYTES
SECRETS = {"bot_token": "required", "secret_token": "made"}
STATUSES: dict[str, str] = {}
"""Telegram tells nothing of a message after it took it."""


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read an update: 401 where it does not bring the channel's secret token, 200 for all that was read, also for what
    is passed over: Telegram sends again for a day what is not answered so, and the chat's next ones wait for it."""
    expected, given = secret_token(channel), request.headers.get("x-telegram-bot-api-secret-token", "")
    if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")):
        return Denied(401, "bad_secret_token", "X-Telegram-Bot-Api-Secret-Token is not the channel's")
    try:
        update = mended(request.body)
    except ValueError as error:
        return malformed(error)
    return Received((incoming.event(update, request.now_ms),), Response(200, incoming.answer(update)))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Call what Telegram has for the message, in its order; the id is the last one's.

    Where one of several must wait, those before it are not sent again. A group that has become a supergroup is written
    to where it is now.
    """
    methods = outgoing.methods(message)
    if not methods:
        return Refused("nothing_to_send", "the message has neither text nor anything that Telegram shows")
    parts: list[str] = []
    to = message.address
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    for method, body in methods[min(message.done, len(methods) - 1) :]:
        async with uploading.in_hand(outgoing.brought(body)):
            outcome, to = await _one(method, body, to, channel, call, message.now_ms)
        if not isinstance(outcome, str):
            return replace(outcome, done=message.done + len(parts), parts=tuple(parts))
        parts.append(outcome or message.id)
    return Sent(parts[-1], tuple(parts[:-1]))


async def _one(
    method: str, body: dict[str, Any], to: str, channel: Channel, call: Call, now_ms: int
) -> tuple[str | TryLater | Refused, str]:
    """One of them: its id, or what is wrong; and where it went."""
    file: File | None = None
    if item := outgoing.brought(body):
        found = await uploading.file_of(item, call)
        if isinstance(found, TryLater):
            return found, to
        file = found
        method, body = (method, body) if file else outgoing.as_link(body)
    exchange = await _sent(method, {"chat_id": to} | body, file, channel, call)
    if moved := errors.moved_to(exchange):
        to = moved
    if moved or errors.not_fetched(exchange):
        # A file may be had a moment later; nothing of the first call went out.
        exchange = await _sent(method, {"chat_id": to} | body, file, channel, call)
    return errors.of(exchange, now_ms) or _id_of(exchange, to), to


async def _sent(method: str, body: dict[str, Any], file: File | None, channel: Channel, call: Call) -> Exchange:
    timeout_s = FETCHED_S if file or outgoing.is_fetched(body) else SOON_S
    if file:
        return await uploading.uploaded(method, body, file, channel, call, timeout_s=timeout_s)
    return await posted(method, body, channel, call, timeout_s=timeout_s)


async def media(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file behind the `Media.url` of a message from here (`telegram-file:<id>`), of up to 20 MB."""
    return await fetched(reference, channel, call)


async def signal(kind: str, address: str, about: str, channel: Channel, call: Call) -> None:
    """Show that somebody writes, for five seconds or until the answer: https://core.telegram.org/bots/api#sendchataction"""
    await posted("sendChatAction", {"chat_id": address, "action": "typing"}, channel, call)


def _id_of(exchange: Exchange, address: str) -> str:
    result = answered(exchange).get("result")
    return incoming.provider_id(address, word(result.get("message_id"))[:64]) if isinstance(result, dict) else ""
