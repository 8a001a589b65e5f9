"""A message in the words of Gupshup's API: one form, or several where WhatsApp has no one message for it.

https://docs.gupshup.io/reference/outbound-messages-1 and the pages beside it.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outgoing
from chalicelib.channels.splitting import pieces
from chalicelib.channels.whatsapp_contents import family, opener, sections
from chalicelib.channels.whatsapp_gupshup.place import MESSAGE, TEMPLATE
from chalicelib.channels.whatsapp_limits import LIMITS as OF_WHATSAPP
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

LIMITS = replace(OF_WHATSAPP, links=0, rate_per_s=10)
"""WhatsApp's own, but for buttons that lead somewhere, and for the rate, which is that of Gupshup's API:
https://partner-docs.gupshup.io/docs/rate-limits"""
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "contact", "template"})
_FILES = ("image", "audio", "video", "file")

Body = dict[str, Any]
Form = tuple[str, dict[str, str]]
"""Where it is posted, and its fields."""


def forms(message: Outgoing) -> list[Form]:
    """What is posted for a message, in its order."""
    content, to = fallback.adapted(message.content, SHOWS, LIMITS), {"destination": message.address.lstrip("+")}
    if content.type == "template":
        return [(TEMPLATE, to | _template(content))] if _id(content) else []
    found = _messages(content, message.id)
    if found and message.in_reply_to:
        found[0] = found[0] | {"context": {"msgId": message.in_reply_to}}
    return [(MESSAGE, to | {"message": _json(one)} | _encoded(one)) for one in found]


def is_fetched(form: Form) -> bool:
    """Whether Gupshup is told of a file."""
    return '"http' in form[1].get("message", "")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded(body: Body) -> dict[str, str]:
    """Lists with emoji have to be announced."""
    shown = _json(body) if body["type"] == "list" else ""
    return {"encode": "true"} if any(unicodedata.category(one) == "So" for one in shown) else {}


def _messages(content: Content, id: str) -> list[Body]:
    details = content.details
    match content.type:
        case "buttons":
            return _buttons(content)
        case "list":
            return [*_files_of(content.media), _list(content, id)]
        case "location" if all(isinstance(details.get(at), int | float) for at in ("latitude", "longitude")):
            place = {name: str(details[name]) for name in ("longitude", "latitude")}
            place |= {name: text for name in ("name", "address") if (text := word(details.get(name)))}
            return [*_texts(content.text), {"type": "location"} | place]
        case "contact" if people := [one for one in dicts(details.get("contacts")) if word(one.get("name"))]:
            return [*_texts(content.text), *({"type": "contact", "contact": _person(one)} for one in people)]
        case kind if kind in _FILES and content.media:
            return _files(kind, content.media, content.text)
    return _texts(fallback.in_text(content).text)


def _texts(text: str) -> list[Body]:
    return [{"type": "text", "text": piece} for piece in pieces(text, LIMITS)]


def _files(kind: str, media: tuple[Media, ...], text: str) -> list[Body]:
    """Each file, with the text below the first where it is short enough, else behind them all."""
    found = [_file(kind, item) for item in media]
    captioned = kind != "audio" and 0 < len(text) <= LIMITS.caption
    if captioned:
        found[0] |= {"caption": text}
    return [*found, *_texts("" if captioned else text)]


def _files_of(media: tuple[Media, ...]) -> list[Body]:
    return [_file(family(item), item) for item in media]


def _file(kind: str, item: Media) -> Body:
    if kind == "image":
        return {"type": "image", "originalUrl": item.url, "previewUrl": item.url}
    return {"type": kind, "url": item.url} | ({"filename": _name(item)} if kind == "file" else {})


def _name(item: Media) -> str:
    return item.name or unquote(urlsplit(item.url).path.rpartition("/")[2]) or "file"


def _buttons(content: Content) -> list[Body]:
    """A question with its answers; one file that can be shown stands above it, others before it."""
    choices = fallback.choices(content)
    options = [{"type": "text", "title": one["title"], "postbackText": one["payload"]} for one in choices]
    # A body is required; a question without words is asked by its answers.
    text = content.text.strip() or " / ".join(one["title"] for one in choices)
    asked: Body = {"type": "text", "text": text}
    above = content.media if len(content.media) == 1 and family(content.media[0]) != "audio" else ()
    for item in above:
        kind = family(item)
        asked = {"type": kind, "text": text, "url": item.url} | ({"filename": _name(item)} if kind == "file" else {})
    before = [] if above else _files_of(content.media)
    return [*before, {"type": "quick_reply", "content": asked, "options": options}]


def _list(content: Content, id: str) -> Body:
    """A header is required of a list, and so is the description of a row."""
    title = opener(content)
    items = [
        {"title": name, "subtitle": name, "options": [_row(row) for row in rows]} for name, rows in sections(content)
    ]
    body = content.text.strip() or " / ".join(one["title"] for one in fallback.choices(content))
    buttons = [{"type": "text", "title": title}]
    return {"type": "list", "title": title, "body": body, "msgid": id, "globalButtons": buttons, "items": items}


def _row(row: Body) -> Body:
    id, title, description = (word(row.get(name)) for name in ("id", "title", "description"))
    return {"type": "text", "title": title or id, "description": description, "postbackText": id or title}


def _person(given: Body) -> Body:
    name = word(given.get("name"))
    return {
        "name": {"firstName": name, "formattedName": name},
        "phones": [{"phone": one, "type": "CELL"} for one in _words(given.get("phones"))],
        "emails": [{"email": one, "type": "WORK"} for one in _words(given.get("emails"))],
    }


def _words(given: Any) -> list[str]:
    return [found for one in given if (found := word(one))] if isinstance(given, list | tuple) else []


def _id(content: Content) -> str:
    """Gupshup names a template by an id of its own."""
    return word(content.details.get("id")) or word(content.details.get("name"))


def _template(content: Content) -> dict[str, str]:
    given = content.details.get("parameters")
    values = list(given.values()) if isinstance(given, dict) else given if isinstance(given, list) else []
    fields = {"template": _json({"id": _id(content), "params": [word(one) for one in values]})}
    if content.media:
        item = content.media[0]
        name = {"image": "image", "video": "video"}.get(family(item), "document")
        file = {"link": item.url} | ({"filename": _name(item)} if name == "document" else {})
        fields["message"] = _json({"type": name, name: file})
    return fields
