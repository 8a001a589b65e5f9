"""The content of one message from Netcore: what it says stands in the member that its type names (`text_type`, ...)."""

from __future__ import annotations

from typing import Any

from chalicelib.channels import whatsapp_contents as contents
from chalicelib.channels.meta import inside, unsupported
from chalicelib.channels.whatsapp_contents import postback, text_in, texts_in
from chalicelib.channels.whatsapp_netcore.media import reference
from chalicelib.channels.whatsapp_partners import whole
from chalicelib.domain.message import Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

_FILES = {"image": "image", "video": "video", "document": "file", "audio": "audio", "voice": "audio"}
_AROUND = ("from", "from_name", "to", "message_id", "received_at", "context")
"""Members of a message that are not what it says."""
_REPLIES = ("button_reply", "list_reply")


def content_of(message: dict[str, Any]) -> Content:
    """What is said; what cannot be read is an event `unsupported` with what was given, as it comes no second time."""
    kind = word(message.get("message_type"))[:64].lower()
    found = _by_type(kind, _value(message, kind))
    if isinstance(found, str):
        rest = {name: value for name, value in message.items() if name not in _AROUND}
        found = Content("event", details=unsupported(found, rest))
    about = quoted(message)
    return whole(found, {"in_reply_to": about} if about else {})


def quoted(message: dict[str, Any]) -> str:
    """The message that one is about: by Netcore's id where it was ours."""
    context = inside(message, "context")
    return (word(context.get("ncmessage_id")) or word(context.get("message_id")))[:MAX_ID]


def _value(message: dict[str, Any], kind: str) -> dict[str, Any]:
    """An object; some accounts have it in an array."""
    given = message.get(f"{kind}_type")
    return given if isinstance(given, dict) else next(iter(dicts(given)), {})


def _by_type(kind: str, value: dict[str, Any]) -> Content | str:
    """The content; why it cannot be read where it cannot."""
    if kind in _FILES:
        return _file(kind, value)
    match kind:
        case "text":
            return Content(text=word(value.get("text")))
        case "location":
            return contents.location(value) or "location without coordinates"
        case "interactive" if (named := word(value.get("type")).lower()) in _REPLIES:
            reply = inside(value, named)
            return postback(text_in(reply, "id"), text_in(reply, "title"))
    return f"unknown message type: {kind}"


def _file(kind: str, value: dict[str, Any]) -> Content | str:
    id = word(value.get("id"))
    if not id:
        return f"{kind} without a media id"
    details: dict[str, Any] = dict(texts_in(value, ("sha256",)))
    if kind == "voice" or value.get("voice") is True:
        details["voice"] = True
    name, mime_type = (text_in(value, one)[:MAX_ID] for one in ("filename", "mime_type"))
    item = Media(reference(id[:MAX_ID]), mime_type, None, name)
    return Content(_FILES[kind], word(value.get("caption")), (item,), details)
