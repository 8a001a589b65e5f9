"""Newchannel: https://newchannel.example/docs

What users do is read in incoming.py, what they are sent is put together here, its noes are in errors.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Channel, Denied, Outcome, Outgoing, Received, Refused, Request, Response, Sent
from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.channels.splitting import pieces
from chalicelib.channels.wire import answered, malformed
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import Content
from chalicelib.wire.json_body import mended, word
from infra.scaffold.channel import errors, incoming
from infra.scaffold.channel.place import authorised, base_url

LABEL = "Newchannel"
CAN = frozenset({"receive", "status", "send"})
SHOWS = frozenset({"text", "image"})
LIMITS = Limits((FileLimit(("image/jpeg", "image/png"), 5 * MEGABYTE),), text=1000, caption=200, rate_per_s=10)
SECRETS = {"api_key": "required", "signing_key": "required"}
STATUSES = incoming.STATUSES
SIGNATURE = "x-newchannel-signature"

Body = dict[str, Any]


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read a webhook call: 401 for a wrong signature, 200 for all that was read, also for what is passed over."""
    key, given = channel.secrets.get("signing_key", ""), request.headers.get(SIGNATURE, "")
    expected = hmac.new(key.encode("utf-8", "replace"), request.body, hashlib.sha256).hexdigest()
    if not key or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        return Denied(401, "bad_signature", f"{SIGNATURE} is not that of the channel's signing_key")
    try:
        body = mended(request.body)
    except ValueError as error:
        return malformed(error)
    return Received(tuple(incoming.events(body, request.now_ms)), Response(200, {}))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post what Newchannel has for the message, in its order; the id is the last one's.

    Where one of several must wait, those before it are not sent again.
    """
    bodies = _bodies(fallback.adapted(message.content, SHOWS, LIMITS))
    if not bodies:
        return Refused("nothing_to_send", "the message has neither text nor anything that is shown there")
    parts: list[str] = []
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    for body in bodies[min(message.done, len(bodies) - 1) :]:
        outcome = await _posted(body | {"to": message.address}, message, channel, call)
        if not isinstance(outcome, Sent):
            return replace(outcome, done=message.done + len(parts), parts=tuple(parts))
        parts.append(outcome.provider_id)
    return Sent(parts[-1], tuple(parts[:-1]))


def _bodies(content: Content) -> list[Body]:
    if content.type != "image" or not content.media:
        return [{"text": piece} for piece in pieces(fallback.in_text(content).text, LIMITS)]
    files: list[Body] = [{"image": item.url} for item in content.media]
    if 0 < len(content.text) <= LIMITS.caption:
        files[0]["caption"] = content.text
        return files
    return [*files, *({"text": piece} for piece in pieces(content.text, LIMITS))]


async def _posted(body: Body, message: Outgoing, channel: Channel, call: Call) -> Outcome:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json", **authorised(channel)}
    exchange = await call("POST", f"{base_url(channel)}/messages", headers=headers, body=raw)
    if trouble := errors.of(exchange, message.now_ms):
        return trouble
    return Sent(word(answered(exchange).get("id")) or message.id)
