"""A text as the gateway's own request, and what its answer means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import fallback
from chalicelib.channels.contract import Channel, Outcome, Outgoing, Refused, Sent, TryLater
from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.channels.sms import approved, engines, errors, profile, sent_as
from chalicelib.channels.sms.profile import Profile
from chalicelib.channels.splitting import pieces, segments
from chalicelib.domain.exchange import Call
from chalicelib.domain.file_types import HARMLESS

SHOWS = frozenset({"text", "template"})
LIMITS = Limits((FileLimit(HARMLESS, 25 * MEGABYTE),), text=1600, sms=10)
"""Of most gateways; `send.most` and `send.most_sms` say less. Files go as their links."""


async def send(message: Outgoing, channel: Channel, call: Call, known: Profile) -> Outcome:
    """Ask the gateway for each part that is not out yet; the id is the last one's."""
    if not known.send.get("url"):
        return TryLater("send.url is not set")
    limits = replace(LIMITS, text=known.send.get("most") or LIMITS.text, sms=known.send.get("most_sms") or LIMITS.sms)
    said = approved.said(fallback.adapted(message.content, SHOWS, limits), known.templates)
    if isinstance(said, Refused):
        return said
    texts = pieces(said[0], limits)
    if not texts:
        return Refused("nothing_to_send", "the message has no text")
    out: list[str] = []
    # Should there be fewer than went out once, by other settings, there is still one to be heard of.
    for number in range(min(message.done, len(texts) - 1), len(texts)):
        own = sent_as.written(message.id, number + 1, len(texts))
        values = values_of(message, channel, known, texts[number], own, (number + 1, len(texts)))
        values |= {"template": {"id": said[1].id, "name": said[1].name}} if said[1] else {}
        outcome = await _sent(values, known, call, message.now_ms)
        if not isinstance(outcome, Sent):
            return replace(outcome, done=message.done + len(out), parts=tuple(out))
        out.append(outcome.provider_id)
    return Sent(out[-1], tuple(out[:-1]))


def values_of(
    message: Outgoing, channel: Channel, known: Profile, text: str, id: str, of: tuple[int, int]
) -> dict[str, Any]:
    """What templates may speak of."""
    params = message.content.details.get("params")
    return {
        "to": message.address,
        "text": text,
        "id": id,
        "ref": sent_as.short(id),
        "secrets": dict(channel.secrets),
        "options": dict(known.options),
        "params": params if isinstance(params, dict) else {},
        "part": of[0],
        "parts": of[1],
        "unicode": segments(text).encoding == "UCS-2",
        "api_base": known.api_base,
        "webhook_url": channel.webhook_url,
        "now": message.now_ms // 1000,
    } | ({"from": known.sender} if known.sender else {})


async def _sent(values: Mapping[str, Any], known: Profile, call: Call, now_ms: int) -> Outcome:
    try:
        [(given, wrong, _)] = await asyncio.to_thread(engines.filled, profile.templates(known), [values])
    except engines.TooMany:
        return TryLater("no_time_for_templates")
    if wrong:
        return Refused("template_failed", "; ".join(f"{path}: {why}" for path, why in wrong)[:500])
    try:
        url, headers, body = request_of(known, given)
    except ValueError as error:
        return Refused("template_failed", f"/send/body: {error}"[:500])
    method = str(known.send.get("method") or "POST")
    exchange = await call(method, url, headers=headers, body=body)
    return await asyncio.to_thread(errors.outcome, exchange, known, str(values["ref"]), now_ms)


def request_of(known: Profile, given: Mapping[str, str]) -> tuple[str, dict[str, str], bytes]:
    """(URL, headers, body) from what the templates came to; ValueError where the body is not what it says it is."""
    body, kind = known.send.get("body"), profile.content_type(known)
    headers = {name: given[f"/send/headers/{name}"] for name in known.send.get("headers") or {}}
    if body is None or known.send.get("method") == "GET":
        return given["/send/url"], headers, b""
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    place = profile.place_of(kind)
    if isinstance(body, str):
        text = given["/send/body"]
        if place == "json":
            try:
                json.loads(text)
            except ValueError as error:
                raise ValueError(f"comes to no JSON: {error}") from None
    else:
        filled = profile.filled_body(body, given)
        text = json.dumps(filled, ensure_ascii=False) if place == "json" else urlencode(filled, doseq=True)
    return given["/send/url"], headers, text.encode("utf-8", "replace")
