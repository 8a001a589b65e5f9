"""Bring your own channel: any gateway that posts and takes signed JSON.

Both directions are signed as Standard Webhooks with the channel's secret. What the gateway needs to know
is in about.md.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import (
    Changed,
    Channel,
    Denied,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Response,
    Said,
    Sent,
    TryLater,
)
from chalicelib.channels.custom import incoming
from chalicelib.channels.wire import answered, malformed, unanswered
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.ports import signing
from chalicelib.wire.fields import Fields, objects
from chalicelib.wire.json_body import mended, word

LABEL = "Custom"
CAN = frozenset({"receive", "status", "send", "once"})
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "contact", "template"})
SECRETS = {"signing_secret": "made"}
KEEPS_LINKS = True
STATUSES = incoming.STATUSES

MOST_EVENTS = 100


def receive(request: Request, channel: Channel) -> Received | Denied:
    """One message or status, or an array of up to 100; all of it is taken or none.

    401 for a bad or missing signature or a timestamp more than five minutes off, 422 with the JSON pointer of each
    wrong field. The answer is 202 `{"accepted": n}`.
    """
    if request.method != "POST":
        return Denied(405, "method_not_allowed", "events are posted")
    secret = channel.secrets.get("signing_secret", "")
    if not secret or not signing.verify([secret], request.headers, request.body, now_ms=request.now_ms):
        return Denied(401, "bad_signature", "no valid webhook-signature of the last five minutes")
    try:
        given = mended(request.body)
    except ValueError as error:
        return malformed(error)
    wrong: list[tuple[str, str]] = []
    if isinstance(given, dict):
        each = [Fields(given, "", wrong)]
    elif isinstance(given, list) and len(given) <= MOST_EVENTS:
        each = objects(given, "", wrong)
    else:
        return _wrong_fields([("", f"must be an object, or an array of at most {MOST_EVENTS}")])
    events = tuple(incoming.event(fields, request.now_ms) for fields in each)
    if wrong:
        return _wrong_fields(wrong)
    for event, fields in zip(events, each, strict=True):
        text = event.content.text if isinstance(event, Said) else event.text if isinstance(event, Changed) else ""
        if len(text.encode()) > MAX_TEXT_BYTES:
            at = f"{fields.at}/text"
            return Denied(413, "too_large", f"{at} has more than {MAX_TEXT_BYTES} bytes", ((at, "too long"),))
    return Received(events, Response(202, {"accepted": len(events)}))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Post the message to `send_url`: `{"id","to","type","text","media","buttons","content"?,"in_reply_to"?}`, signed.

    `webhook-id` and `id` are our delivery id, the same on every attempt, so that a gateway can tell a repeat.
    """
    body = json.dumps(_wire(message), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    url, secret = word(channel.settings.get("send_url")), channel.secrets.get("signing_secret", "")
    try:
        signed = signing.headers([secret] if secret else [], id=message.id, at_ms=message.now_ms, body=body)
    except ValueError:
        # For the owner to mend; a refusal would lose what waits.
        return TryLater("signing_secret_unusable")
    exchange = await call("POST", url, headers={"content-type": "application/json", **signed}, body=body)
    if later := unanswered(exchange, message.now_ms):
        return later
    said = answered(exchange)
    if exchange.status < 300:
        return Sent(word(said.get("id")) or message.id)
    return _refusal(exchange.status, said.get("error"))


def _wrong_fields(wrong: list[tuple[str, str]]) -> Denied:
    return Denied(422, "wrong_fields", "; ".join(f"{at}: {why}" for at, why in wrong[:10]), tuple(wrong))


def _wire(message: Outgoing) -> dict[str, Any]:
    content = fallback.adapted(message.content, SHOWS)
    details = {key: value for key, value in content.details.items() if key not in ("params", "in_reply_to", "buttons")}
    return {
        "id": message.id,
        "to": message.address,
        **({"group": {"id": message.address}} if message.group else {}),
        "type": content.type,
        # A gateway that knows only text shall still say something sensible for a place, a person or a template.
        "text": content.text or ("" if content.media else fallback.in_text(content).text),
        "media": [item.plain() for item in content.media],
        "buttons": [*fallback.choices(content), *fallback.links(content)] if content.type == "buttons" else [],
        **({"content": details} if details else {}),
        **({"in_reply_to": message.in_reply_to} if message.in_reply_to else {}),
        **({"reply": dict(message.reply)} if message.reply else {}),
    }


def _refusal(status: int, error: Any) -> Refused:
    given = error if isinstance(error, dict) else {"reason": error}
    code = word(given.get("code")) or f"http_{status}"
    reason = word(given.get("reason")) or word(given.get("message")) or f"the gateway answered {status}"
    return Refused(code[:100], reason[:500])
