"""Bring your own channel: any gateway that posts and takes signed JSON.

Both directions are signed as Standard Webhooks with the channel's secret. What the gateway needs to know is in about.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import (
    Call,
    Channel,
    Denied,
    Event,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Response,
    Said,
    Sent,
    Status,
    TryLater,
)
from chalicelib.channels.wire import Fields, answered, malformed, objects, parsed, unanswered, word
from chalicelib.domain.message import DELIVERED, FAILED, MAX_TEXT_BYTES, READ, SENT, Content, Media
from chalicelib.ports import clock, signing

LABEL = "Custom"
CAN = frozenset({
    "receive", "status", "send", "text", "image", "audio", "video", "file", "buttons", "list", "location", "contact",
    "template",
})  # fmt: skip
SECRETS = {"signing_secret": "made"}
STATUSES = {"sent": SENT, "delivered": DELIVERED, "read": READ, "failed": FAILED}

MOST_EVENTS = 100
_MOST_FILES = 20
_PHONE = re.compile(r"\+[1-9]\d{6,14}")


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
        given = parsed(request.body)
    except ValueError as error:
        return malformed(error)
    wrong: list[tuple[str, str]] = []
    if isinstance(given, dict):
        each = [Fields(given, "", wrong)]
    elif isinstance(given, list) and len(given) <= MOST_EVENTS:
        each = objects(given, "", wrong)
    else:
        return _wrong_fields([("", f"must be an object, or an array of at most {MOST_EVENTS}")])
    events = tuple(_event(fields, request.now_ms) for fields in each)
    if wrong:
        return _wrong_fields(wrong)
    for event, fields in zip(events, each, strict=True):
        if isinstance(event, Said) and len(event.content.text.encode()) > MAX_TEXT_BYTES:
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


def _event(fields: Fields, now_ms: int) -> Event:
    kind = fields.text("type", required=True)
    if kind == "status":
        return _status(fields, now_ms)
    if kind and kind != "message":
        fields.refuse("type", "must be message or status")
    return _said(fields, now_ms)


def _status(fields: Fields, now_ms: int) -> Status:
    state = fields.text("status", required=True)
    if state and state not in STATUSES:
        fields.refuse("status", f"must be one of {', '.join(STATUSES)}")
    error = fields.inside("error")
    said = {"code": _code(error), "reason": error.text("reason", most=1000)}
    provider_id = fields.text("id", required=True)
    failed = said if STATUSES.get(state) == FAILED else None
    return Status(provider_id, STATUSES.get(state, ""), _time(fields, "at", now_ms), fields.text("to"), failed)


def _code(error: Fields) -> str:
    return word(error.given.get("code")) if isinstance(error.given.get("code"), int) else error.text("code")


def _said(fields: Fields, now_ms: int) -> Said:
    return Said(
        address=fields.text("from", required=True),
        provider_id=fields.text("id", required=True),
        content=_content(fields),
        at_ms=_time(fields, "sent_at", now_ms),
        name=fields.text("name"),
        identities=_identities(fields),
        echo=fields.flag("echo"),
    )


def _content(fields: Fields) -> Content:
    text = fields.text("text", most=2**20)
    quoted = fields.text("in_reply_to")
    details: dict[str, Any] = {"in_reply_to": quoted} if quoted else {}
    media = tuple(_file(item) for item in fields.each("media", most=_MOST_FILES))
    if fields.has("postback"):
        payload, title = _postback(fields)
        details |= {"payload": payload} | ({"title": title} if title else {})
        return Content("postback", text or title, media, details)
    if fields.has("location"):
        place = fields.inside("location")
        details |= {"latitude": place.number("latitude", -90, 90), "longitude": place.number("longitude", -180, 180)}
        details |= {key: value for key in ("name", "address") if (value := place.text(key, most=1000))}
        return Content("location", text, media, details)
    if not media and not text.strip() and not fields.wrong:
        fields.refuse("", "a message needs text, media, postback or location")
    return Content(_kind(media[0]) if media else "text", text, media, details)


def _postback(fields: Fields) -> tuple[str, str]:
    if isinstance(fields.given["postback"], str):
        return fields.text("postback", required=True, most=1024), ""
    inside = fields.inside("postback")
    return inside.text("payload", required=True, most=1024), inside.text("title")


def _file(item: Fields) -> Media:
    url = item.text("url", required=True, most=2048)
    if url and not url.startswith(("https://", "http://")):
        item.refuse("url", "must be an http or https address")
    size = item.number("size", 0, 2**40) if item.has("size") else None
    return Media(url, item.text("mime_type"), None if size is None else int(size), item.text("name"))


def _kind(item: Media) -> str:
    kind = item.mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _identities(fields: Fields) -> tuple[tuple[str, str], ...]:
    phone, email = fields.text("phone"), fields.text("email")
    if phone and not _PHONE.fullmatch(phone):
        fields.refuse("phone", "must be an international number, as +4915112345678")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        fields.refuse("email", "must be an e-mail address")
    return tuple((kind, value) for kind, value in (("phone", phone), ("email", email)) if value)


def _time(fields: Fields, name: str, now_ms: int) -> int:
    text = fields.text(name)
    try:
        at_ms = clock.from_rfc3339(text) if text else now_ms
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        fields.refuse(name, "must be an RFC 3339 time with a zone, after 1970")
    # A gateway whose clock runs ahead must not put its messages after all that is still to come.
    return min(at_ms, now_ms)


def _wrong_fields(wrong: list[tuple[str, str]]) -> Denied:
    return Denied(422, "wrong_fields", "; ".join(f"{at}: {why}" for at, why in wrong[:10]), tuple(wrong))


def _wire(message: Outgoing) -> dict[str, Any]:
    content = message.content if message.content.type in CAN else fallback.shown(message.content, CAN)
    details = {key: value for key, value in content.details.items() if key not in ("params", "in_reply_to", "buttons")}
    return {
        "id": message.id,
        "to": message.address,
        "type": content.type,
        # A gateway that knows only text shall still say something sensible for a place, a person or a template.
        "text": content.text or ("" if content.media else fallback.shown(content, frozenset()).text),
        "media": [item.plain() for item in content.media],
        "buttons": fallback.choices(content) if content.type == "buttons" else [],
        **({"content": details} if details else {}),
        **({"in_reply_to": message.in_reply_to} if message.in_reply_to else {}),
    }


def _refusal(status: int, error: Any) -> Refused:
    given = error if isinstance(error, dict) else {"reason": error}
    code = word(given.get("code")) or f"http_{status}"
    reason = word(given.get("reason")) or word(given.get("message")) or f"the gateway answered {status}"
    return Refused(code[:100], reason[:500])
