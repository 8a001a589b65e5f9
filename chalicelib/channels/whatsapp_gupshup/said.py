"""The content of one message from Gupshup, by its type: https://docs.gupshup.io/docs/types-of-payload"""

from __future__ import annotations

from typing import Any

from chalicelib.channels import whatsapp_contents as contents
from chalicelib.channels.meta import inside, unsupported
from chalicelib.channels.whatsapp_contents import postback, text_in, texts_in
from chalicelib.channels.whatsapp_partners import whole
from chalicelib.domain.message import EXPIRING, Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import word

_FILES = {"image": "image", "sticker": "image", "audio": "audio", "video": "video", "file": "file"}
_AROUND = ("id", "source", "type", "sender", "context", "referral")
"""Members of a message that are not what it says."""
_REFERRAL = ("source_type", "source_id", "source_url", "headline", "body", "ctwa_clid")
_MOST_URL = 2048


def content_of(payload: dict[str, Any]) -> Content:
    """What is said; what cannot be read is an event `unsupported` with what was given, as it comes no second time."""
    found = _by_type(word(payload.get("type"))[:64], inside(payload, "payload"))
    if isinstance(found, str):
        rest = {name: value for name, value in payload.items() if name not in _AROUND}
        value = inside(payload, "payload")
        words = next((text for name in ("text", "caption", "title") if (text := word(value.get(name)))), "")
        found = Content("event", words, details=unsupported(found, rest))
    return whole(found, _around(payload))


def _around(payload: dict[str, Any]) -> dict[str, Any]:
    """What a message is said about: one that is quoted, by Gupshup's id where it was ours; an advertisement."""
    details: dict[str, Any] = {}
    context, referral = inside(payload, "context"), inside(payload, "referral")
    if quoted := word(context.get("gsId")) or word(context.get("id")):
        details["in_reply_to"] = quoted[:MAX_ID]
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        details["forwarded"] = "often" if context.get("frequently_forwarded") is True else "once"
    return details | ({"referral": found} if (found := texts_in(referral, _REFERRAL)) else {})


def _by_type(kind: str, value: dict[str, Any]) -> Content | str:
    """The content; why it cannot be read where it cannot."""
    if kind in _FILES:
        return _file(kind, value)
    match kind:
        case "text":
            return Content(text=word(value.get("text")))
        case "location":
            return contents.location(value) or "location without coordinates"
        case "contact":
            return contents.contacts(value.get("contacts"))
        case "button_reply" | "list_reply" | "quick_reply":
            # What we sent comes back as `postbackText`; buttons of a template have a text instead of a title.
            title = text_in(value, "title") or text_in(value, "text")
            return postback(text_in(value, "postbackText") or text_in(value, "id"), title)
    return f"unknown message type: {kind}"


def _file(kind: str, value: dict[str, Any]) -> Content | str:
    url = word(value.get("url"))
    if not url.startswith(("https://", "http://")) or len(url) > _MOST_URL:
        return f"{kind} without an address"
    mime_type = text_in(value, "contentType") or text_in(value, "content-type")
    # Gupshup keeps it for some days: https://partner-docs.gupshup.io/docs/media-management
    item = Media(EXPIRING + url, mime_type[:MAX_ID], None, text_in(value, "name")[:MAX_ID])
    return Content(_FILES[kind], word(value.get("caption")), (item,))
