"""The content of one message from WhatsApp, by its type."""

from __future__ import annotations

from typing import Any

from chalicelib.channels import whatsapp_contents as contents
from chalicelib.channels.meta import at_most, unsupported
from chalicelib.channels.whatsapp import errors
from chalicelib.channels.whatsapp.media import reference
from chalicelib.channels.whatsapp_contents import MOST_ITEMS, postback, text_in, texts_in
from chalicelib.domain.message import Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

_FILES = {"image": "image", "sticker": "image", "audio": "audio", "video": "video", "document": "file"}
_MOST_FORM = 16 * 1024
"""Characters of a filled-in form; its JSON must not be cut."""
_ITEM = ("product_retailer_id", "quantity", "item_price", "currency")
_PRODUCT = ("catalog_id", "product_retailer_id")
_REFERRAL = ("source_type", "source_id", "source_url", "headline", "body", "ctwa_clid")
_AROUND = ("from", "from_user_id", "id", "timestamp", "type", "to", "to_user_id", "context", "referral", "errors")
"""Members of a message that are not what it says."""
_WORDS = ("body", "text", "caption", "title", "name", "question", "description")
"""Members in which words for people stand, in types that are known and so perhaps in those to come."""


def content_of(message: dict[str, Any]) -> Content:
    """What is said. What cannot be read is an event `unsupported` with what was given: a user did say something, and
    Meta is answered 200 for it, so that it comes no second time."""
    kind = word(message.get("type"))[:64]
    given = message.get(kind)
    value = given if isinstance(given, dict) else {}
    found = _by_type(kind, value, message)
    if isinstance(found, str):
        found = _unsupported(found, message)
    more: dict[str, Any] = {}
    context, referral = message.get("context"), message.get("referral")
    if isinstance(context, dict):
        more |= _context(context)
    if isinstance(referral, dict):
        # The advertisement that the user came from.
        more["referral"] = texts_in(referral, _REFERRAL)
    text, cut = at_most(found.text)
    if cut:
        # A provider cannot be told 413, and the rest of what was said is better than nothing of it.
        more["truncated"] = True
    return Content(found.type, text, found.media, found.details | more)


def _context(given: dict[str, Any]) -> dict[str, Any]:
    """What a message is said about: one that is quoted, a product of the catalogue, or where it was forwarded from."""
    found: dict[str, Any] = {}
    if quoted := word(given.get("id")):
        found["in_reply_to"] = quoted[:MAX_ID]
    product = given.get("referred_product")
    if isinstance(product, dict) and (named := texts_in(product, _PRODUCT)):
        found["product"] = named
    if given.get("forwarded") is True or given.get("frequently_forwarded") is True:
        # WhatsApp says so from the fifth time on that something is passed on.
        found["forwarded"] = "often" if given.get("frequently_forwarded") is True else "once"
    return found


def _by_type(kind: str, value: dict[str, Any], message: dict[str, Any]) -> Content | str:
    """The content; why it cannot be read where it cannot."""
    if kind in _FILES:
        return _file(kind, value)
    match kind:
        case "text":
            return Content(text=word(value.get("body")))
        case "location":
            return contents.location(value) or "location without coordinates"
        case "contacts":
            return contents.contacts(message.get("contacts"))
        case "interactive":
            return _interactive(value)
        case "button":
            return postback(text_in(value, "payload"), text_in(value, "text"))
        case "order":
            return _order(value)
        case "unsupported":
            # What the API cannot pass on: a poll, a disappearing message.
            return errors.first(message.get("errors"))["reason"]
        case "edit" | "revoke" | "reaction":
            return f"{kind} that cannot be read"
    return f"unknown message type: {kind}"


def _unsupported(reason: str, message: dict[str, Any]) -> Content:
    """An event with what can be made out of a message: its words, its file, and all of it as JSON in a string."""
    rest = {key: value for key, value in message.items() if key not in _AROUND}
    details = unsupported(reason, rest)
    value = rest.get(word(message.get("type")))
    if not isinstance(value, dict):
        return Content("event", details=details)
    media = _media(value)
    return Content("event", _words(value), (media,) if media else (), details)


def _words(value: dict[str, Any]) -> str:
    """What a value of an unknown type says to people, itself or in the member that its own type names."""
    inside = value.get(word(value.get("type")))
    for one in (value, inside if isinstance(inside, dict) else {}):
        for name in _WORDS:
            if found := word(one.get(name)).strip():
                return found
    return ""


def _media(value: dict[str, Any]) -> Media | None:
    """The file that a value names, if it does."""
    id, kind = word(value.get("id")), text_in(value, "mime_type")[:MAX_ID]
    return Media(reference(id[:MAX_ID]), kind, None, text_in(value, "filename")[:MAX_ID]) if id and kind else None


def _file(kind: str, value: dict[str, Any]) -> Content | str:
    id = word(value.get("id"))
    if not id:
        return f"{kind} without a media id"
    details: dict[str, Any] = dict(texts_in(value, ("sha256",)))
    if value.get("voice") is True:
        details["voice"] = True
    item = Media(
        reference(id[:MAX_ID]), text_in(value, "mime_type")[:MAX_ID], None, text_in(value, "filename")[:MAX_ID]
    )
    return Content(_FILES[kind], word(value.get("caption")), (item,), details)


def _interactive(value: dict[str, Any]) -> Content | str:
    kind = word(value.get("type"))[:64]
    inside = value.get(kind)
    reply = inside if isinstance(inside, dict) else {}
    if kind in ("button_reply", "list_reply"):
        return postback(text_in(reply, "id"), text_in(reply, "title"))
    if kind == "nfm_reply":
        # A form that was filled in (a Flow): its answers are JSON in a string.
        answers = word(reply.get("response_json"))
        if len(answers) > _MOST_FORM:
            return "the form's answers are too long"
        return postback(answers, text_in(reply, "body"))
    return f"unknown interactive type: {kind}"


def _order(value: dict[str, Any]) -> Content:
    items = [
        {key: text for key in _ITEM if (text := _amount(item, key))}
        for item in dicts(value.get("product_items"))[:MOST_ITEMS]
    ]
    details = {"name": "order", "catalog_id": text_in(value, "catalog_id"), "items": items}
    return Content("event", word(value.get("text")), details=details)


def _amount(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return f"{value:g}" if isinstance(value, float) else text_in(item, name)
