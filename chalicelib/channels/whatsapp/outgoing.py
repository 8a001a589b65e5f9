"""A message in the words of the Cloud API: one request body, or several where WhatsApp has no one message for it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outgoing, Refused
from chalicelib.channels.whatsapp.media import media_id
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

MOST_TEXT, MOST_BODY, MOST_CAPTION = 4096, 1024, 1024
MOST_BUTTONS, MOST_ROWS = 3, 10
BUTTON_TITLE, ROW_TITLE, ROW_DESCRIPTION, SECTION_TITLE, LIST_BUTTON, ROW_ID = 20, 24, 72, 24, 20, 200
"""Limits in characters: .../whatsapp/messages/interactive-reply-buttons-messages and .../interactive-list-messages"""
_PLACE = ("latitude", "longitude", "name", "address")
_FILES = {"image": "image", "audio": "audio", "video": "video", "file": "document"}

Body = dict[str, Any]


def bodies(message: Outgoing) -> list[Body] | Refused:
    """The request bodies of a message, in the order in which they are posted."""
    content = message.content
    if content.type == "template" and not word(content.details.get("name")):
        return Refused("bad_template", "a template needs its name")
    parts = _parts(content)
    for part in parts:
        # A user with a username may be known by an id of Meta's alone, which stands in a field of its own.
        to = "to" if message.address.isdecimal() else "recipient"
        part |= {"messaging_product": "whatsapp", "recipient_type": "individual", to: message.address}
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
    return _texts(fallback.adapted(content, frozenset({"text"})).text)


def _texts(text: str) -> list[Body]:
    return [{"type": "text", "text": {"body": part, "preview_url": False}} for part in _cut(text)]


def _cut(text: str) -> list[str]:
    """A text in pieces of what WhatsApp takes, broken at a line, else at a space, else anywhere."""
    pieces = []
    text = text.strip()
    while len(text) > MOST_TEXT:
        at = max(text.rfind("\n", 1, MOST_TEXT), 0) or max(text.rfind(" ", 1, MOST_TEXT), 0) or MOST_TEXT
        pieces.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [piece for piece in [*pieces, text] if piece]


def _files(kind: str, content: Content) -> list[Body]:
    name = _FILES[kind]
    files = [_file(name, item) for item in content.media]
    captioned = kind != "audio" and 0 < len(content.text) <= MOST_CAPTION
    if captioned:
        files[0] |= {"caption": content.text}
    return [*({"type": name, name: file} for file in files), *_texts("" if captioned else content.text)]


def _file(name: str, item: Media) -> Body:
    held = media_id(item.url)
    file: Body = {"id": held} if held else {"link": item.url}
    return file | ({"filename": item.name} if name == "document" and item.name else {})


def _buttons(content: Content) -> list[Body]:
    offered, links = fallback.choices(content), fallback.links(content)
    if links and not offered and len(links) == 1 and _opens(content, links[0]):
        return [_link(content, links[0])]
    if links:
        # WhatsApp has no message with both, nor with two links: they become lines of the text.
        text = "\n".join(line for line in (content.text, *fallback.link_lines(content)) if line)
        kept = [one for one in dicts(content.details.get("buttons")) if not word(one.get("url"))]
        content = Content("buttons", text, content.media, content.details | {"buttons": kept})
        if not offered:
            return [*_files_of(content), *_texts(text)]
    if not _fits(content, offered, MOST_BUTTONS, BUTTON_TITLE):
        rows = [{"id": one["payload"], "title": one["title"]} for one in offered]
        given = {key: value for key, value in content.details.items() if key != "buttons"}
        return _list(Content("list", content.text, content.media, given | {"sections": [{"rows": rows}]}))
    action = {"buttons": [{"type": "reply", "reply": {"id": one["payload"], "title": one["title"]}} for one in offered]}
    return [_interactive("button", content, action, _header(content))]


def _opens(content: Content, link: dict[str, str]) -> bool:
    return len(link["title"]) <= BUTTON_TITLE and len(content.text) <= MOST_BODY


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
    return [body for item in content.media for body in _files(_kind(item), Content(media=(item,)))]


def _list(content: Content) -> list[Body]:
    offered = fallback.choices(content)
    if not _fits(content, offered, MOST_ROWS, ROW_TITLE):
        return _texts(fallback.adapted(content, frozenset({"text"})).text)
    given = [section for section in dicts(content.details.get("sections")) if dicts(section.get("rows"))]
    sections: list[Body] = []
    for number, section in enumerate(given, 1):
        title = word(section.get("title"))[:SECTION_TITLE] or (str(number) if len(given) > 1 else "")
        rows = [_row(row) for row in dicts(section.get("rows"))]
        sections.append(({"title": title} if title else {}) | {"rows": rows})
    button = word(content.details.get("button"))[:LIST_BUTTON] or "Options"
    return [*_files_of(content), _interactive("list", content, {"button": button, "sections": sections}, {})]


def _kind(item: Media) -> str:
    kind = item.mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _row(row: Body) -> Body:
    id, title, description = word(row.get("id")), word(row.get("title")), word(row.get("description"))
    more = {"description": description[:ROW_DESCRIPTION]} if description else {}
    return {"id": id or title, "title": title or id} | more


def _fits(content: Content, offered: list[dict[str, str]], most: int, title: int) -> bool:
    """Whether WhatsApp shows the choices as such; it refuses a message with one title too long or there twice."""
    titles, payloads = {one["title"] for one in offered}, {one["payload"] for one in offered}
    return (
        0 < len(offered) <= most
        and len(titles) == len(payloads) == len(offered)
        and all(0 < len(one["title"].strip()) <= title and 0 < len(one["payload"]) <= ROW_ID for one in offered)
        and len(content.text) <= MOST_BODY
    )


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
