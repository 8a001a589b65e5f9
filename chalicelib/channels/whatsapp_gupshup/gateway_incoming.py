"""What a callback of an enterprise account holds: fields of a form, some of which are JSON.

As https://github.com/samagra-comms/adapter reads and keeps them. Nothing here raises: a field that is missing or of
another type counts as empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.channels import webhook_token
from chalicelib.channels import whatsapp_contents as contents
from chalicelib.channels.contract import Consent, Event, Ignored, Request, Said, Status
from chalicelib.channels.meta import inside, read_own, unsupported
from chalicelib.channels.whatsapp_contents import identities_of, postback, text_in
from chalicelib.channels.whatsapp_partners import milliseconds, whole
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT, Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, mended, word

STATUSES = {"SENT": SENT, "DELIVERED": DELIVERED, "READ": READ, "FAILED": FAILED}
_FILES = {
    "image": "image",
    "sticker": "image",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "document": "file",
}
_OPTED = {"OPT_IN": True, "OPT_OUT": False}
_AROUND = ("waNumber", "mobile", "messageId", "replyId", "timestamp", "name", "version", "app", "extra", "type")
"""Fields that are not what is said."""
ANY = frozenset({"waNumber", "mobile", "response"})
"""Fields of which a callback of the gateway has one, and that of an app none."""
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
_MOST_URL = 2048


def fields(request: Request) -> dict[str, Any]:
    """The fields of a form, of a query, or of JSON, as which apps are called; ValueError where it is none of them."""
    if request.method == "GET":
        return {name: value for name, value in request.query.items() if name != webhook_token.QUERY}
    if not request.headers.get("content-type", "").lower().startswith(_FORM):
        given = mended(request.body)
        return given if isinstance(given, dict) else {}
    text = request.body.decode("utf-8", "replace")
    return dict(reversed(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)))


def events(given: dict[str, Any], number: str, now_ms: int) -> Iterator[Event]:
    """All that a callback tells of the number: reports of several messages, or what one user said."""
    called = word(given.get("waNumber")).lstrip("+")
    if given.get("response"):
        reports = dicts(_read(given["response"]))
        yield from (_status(report, now_ms) for report in reports)
        if not reports:
            yield Ignored("reports of nothing")
    elif called and number and called != number:
        yield Ignored(f"another number: {called[:64]}")
    elif word(given.get("type")):
        yield _said(given, now_ms)
    else:
        yield Ignored("callback of nothing")


def _said(given: dict[str, Any], now_ms: int) -> Event:
    kind, number = word(given.get("type"))[:64], word(given.get("mobile"))
    if in_a_group(given, number):
        return Ignored(GROUP)
    if not 0 < len(number) <= MAX_ID:
        return Ignored("message without a sender")
    stamp = word(given.get("timestamp"))[:32]
    at_ms, known = milliseconds(stamp, now_ms), identities_of(number, "")
    # Some accounts are told no id; of what one user says the time in milliseconds is one.
    id = (word(given.get("messageId")) or (f"{number}.{stamp}" if stamp else ""))[:MAX_ID]
    if kind in _OPTED:
        return Consent(number, _OPTED[kind], at_ms, why=kind, provider_id=id, identities=known)
    name, quoted = word(given.get("name"))[:MAX_ID], word(given.get("replyId"))[:MAX_ID]
    content = whole(_content(kind, given), {"in_reply_to": quoted} if quoted else {})
    return Said(number, id, content, at_ms, name, known, repeatable=bool(id))


def _content(kind: str, given: dict[str, Any]) -> Content:
    found = _by_type(kind, given)
    if isinstance(found, Content):
        return found
    rest = {name: value for name, value in given.items() if name not in _AROUND and value}
    return Content("event", word(given.get("text")), details=unsupported(found, rest))


def _by_type(kind: str, given: dict[str, Any]) -> Content | str:
    """The content; why it cannot be read where it cannot."""
    value = _read(given.get(kind))
    inner: dict[str, Any] = value if isinstance(value, dict) else {}
    if kind in _FILES:
        return _file(kind, inner)
    match kind:
        case "text":
            return Content(text=word(given.get("text")))
        case "location":
            return contents.location(inner) or "location without coordinates"
        case "contacts":
            return contents.contacts(value)
        case "button" if title := text_in(inner, "text") or word(given.get("text")):
            return postback(text_in(inner, "payload"), title)
        case "interactive" if reply := inside(inner, word(inner.get("type"))):
            return postback(text_in(reply, "id"), text_in(reply, "title"))
    return f"unknown message type: {kind}"


def _file(kind: str, value: dict[str, Any]) -> Content | str:
    # What opens a file stands beside its address.
    url = word(value.get("url")) + word(value.get("signature"))
    if not url.startswith(("https://", "http://")) or len(url) > _MOST_URL:
        return f"{kind} without an address"
    item = Media(url, text_in(value, "mime_type")[:MAX_ID], None, text_in(value, "filename")[:MAX_ID])
    return Content(_FILES[kind], word(value.get("caption")), (item,))


def _status(report: dict[str, Any], now_ms: int) -> Event:
    given, id = word(report.get("eventType"))[:64], word(report.get("externalId"))[:MAX_ID]
    if given not in STATUSES:
        return Ignored(f"unknown status: {given}")
    if not id:
        return Ignored("status without an id")
    code, reason = word(report.get("errorCode"))[:32], word(report.get("cause"))[:500]
    error = {"code": code or "failed", "reason": reason or "Gupshup gave no reason"} if given == "FAILED" else None
    own, part = read_own(word(report.get("extra"))[:MAX_ID])
    at_ms, address = milliseconds(word(report.get("eventTs")), now_ms), word(report.get("destAddr"))[:MAX_ID]
    return Status(id, STATUSES[given], at_ms, address, error, own, part)


def _read(given: Any) -> Any:
    """What a field has as JSON; itself where it is none."""
    if not isinstance(given, str):
        return given
    try:
        return mended(given.encode("utf-8", "replace"))
    except ValueError:
        return given
