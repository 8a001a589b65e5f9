"""A message in the words of the Cloud API: one request body, or several where WhatsApp has no one message for it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outgoing, Refused
from chalicelib.channels.meta import own_id
from chalicelib.channels.splitting import pieces
from chalicelib.channels.whatsapp.media import media_id
from chalicelib.channels.whatsapp_contents import family, opener, sections
from chalicelib.channels.whatsapp_limits import LIMITS
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

_PLACE = ("latitude", "longitude", "name", "address")
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "contact", "template"})
_FILES = {"image": "image", "audio": "audio", "video": "video", "file": "document"}

Body = dict[str, Any]


def bodies(message: Outgoing) -> list[Body] | Refused:
    """The request bodies of a message, in the order in which they are posted."""
    content = fallback.adapted(message.content, SHOWS, LIMITS)
    if content.type == "template" and not word(content.details.get("name")):
        return Refused("bad_template", "a template needs its name")
    parts = _parts(content)
    for part in parts:
        # A user with a username may be known by an id of Meta's alone, which stands in a field of its own.
        to = "to" if message.address.isdecimal() else "recipient"
        part |= {"messaging_product": "whatsapp", "recipient_type": "individual", to: message.address}
    for place, part in enumerate(parts, 1):
        # Comes back in the statuses, whatever becomes of the answer.
        part["biz_opaque_callback_data"] = own_id(message.id, last=place == len(parts))
    if parts and message.in_reply_to:
        parts[0]["context"] = {"message_id": message.in_reply_to}
    return parts


def _parts(content: Content) -> list[Body]:
    details = content.details
    match content.type:
        case "buttons":
            return _buttons(content)
        case "list":
            return _list(content)
        case "location" if all(isinstance(details.get(at), int | float) for at in ("latitude", "longitude")):
            place = {key: details[key] for key in _PLACE if details.get(key) is not None}
            return [*_texts(content.text), {"type": "location", "location": place}]
        case "contact" if people := [_person(one) for one in dicts(details.get("contacts")) if word(one.get("name"))]:
            return [*_texts(content.text), {"type": "contacts", "contacts": people}]
        case "template":
            return [{"type": "template", "template": _template(details)}]
        case kind if kind in _FILES and content.media:
            return _files(kind, content)
    return _texts(fallback.in_text(content).text)


def _texts(text: str) -> list[Body]:
    return [{"type": "text", "text": {"body": part, "preview_url": False}} for part in pieces(text, LIMITS)]


def _files(kind: str, content: Content) -> list[Body]:
    name = _FILES[kind]
    files = [_file(name, item) for item in content.media]
    captioned = kind != "audio" and 0 < len(content.text) <= LIMITS.caption
    if captioned:
        files[0] |= {"caption": content.text}
    return [*({"type": name, name: file} for file in files), *_texts("" if captioned else content.text)]


def _file(name: str, item: Media) -> Body:
    held = media_id(item.url)
    file: Body = {"id": held} if held else {"link": item.url}
    return file | ({"filename": item.name} if name == "document" and item.name else {})


def _buttons(content: Content) -> list[Body]:
    offered, leading = fallback.choices(content), fallback.links(content)
    if leading:
        return [_link(content, leading[0])]
    action = {"buttons": [{"type": "reply", "reply": {"id": one["payload"], "title": one["title"]}} for one in offered]}
    return [_interactive("button", content, action, _header(content))]


def _link(content: Content, link: dict[str, str]) -> Body:
    """A button that opens a page: .../whatsapp/messages/interactive-cta-url-messages"""
    opens = {"name": "cta_url", "parameters": {"display_text": link["title"], "url": link["url"]}}
    return _interactive("cta_url", content, opens, _header(content))


def _header(content: Content) -> Body:
    shown = content.media[0] if content.media else None
    if shown is None:
        return {}
    kind = shown.mime_type.partition("/")[0]
    name = kind if kind in ("image", "video") else "document"
    return {"header": {"type": name, name: _file(name, shown)}}


def _files_of(content: Content) -> list[Body]:
    return [body for item in content.media for body in _files(family(item), Content(media=(item,)))]


def _list(content: Content) -> list[Body]:
    shown = [
        ({"title": title} if title else {}) | {"rows": [_row(row) for row in rows]} for title, rows in sections(content)
    ]
    action = {"button": opener(content), "sections": shown}
    return [*_files_of(content), _interactive("list", content, action, {})]


def _row(row: Body) -> Body:
    id, title, description = word(row.get("id")), word(row.get("title")), word(row.get("description"))
    more = {"description": description} if description else {}
    return {"id": id or title, "title": title or id} | more


def _interactive(kind: str, content: Content, action: Body, more: Body) -> Body:
    # A body is required; a question without words is asked by its answers.
    asked = [choice["title"] for choice in (*fallback.choices(content), *fallback.links(content))]
    text = content.text.strip() or " / ".join(asked)
    return {"type": "interactive", "interactive": {"type": kind, **more, "body": {"text": text}, "action": action}}


def _person(given: Body) -> Body:
    name, phones, emails = word(given.get("name")), given.get("phones"), given.get("emails")
    return {
        "name": {"formatted_name": name, "first_name": name},
        "phones": [{"phone": word(one)} for one in phones if word(one)] if isinstance(phones, list) else [],
        "emails": [{"email": word(one)} for one in emails if word(one)] if isinstance(emails, list) else [],
    }


def _template(details: Body) -> Body:
    template: Body = {"name": word(details.get("name")), "language": {"code": word(details.get("language")) or "en"}}
    components, parameters = details.get("components"), details.get("parameters")
    if isinstance(components, list):
        # As Meta writes them, for headers and buttons that our own words do not know.
        return template | {"components": components}
    named = parameters.items() if isinstance(parameters, dict) else ()
    values = [{"type": "text", "parameter_name": key, "text": word(value)} for key, value in named]
    values += [{"type": "text", "text": word(value)} for value in parameters] if isinstance(parameters, list) else []
    return template | ({"components": [{"type": "body", "parameters": values}]} if values else {})
