"""A message in the words of the Bot API: one call of a method, or several where Telegram has no one message for it.

https://core.telegram.org/bots/api#available-methods. Texts go without `parse_mode`: what somebody writes is no markup.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outgoing
from chalicelib.channels.limits import type_of
from chalicelib.channels.splitting import pieces, size
from chalicelib.channels.telegram.limits import FETCHED, LIMITS
from chalicelib.channels.telegram.media import file_id
from chalicelib.domain.file_types import is_of, normal
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "contact"})
_FILES = ("image", "audio", "video", "file")
_BY_ADDRESS = ("photo", "animation", "audio", "voice", "video", "document")
_ABOUT = re.compile(r"(-?\d{1,32})\.(\d{1,32})")

Body = dict[str, Any]
Method = tuple[str, Body]
"""A method of the Bot API and its parameters."""


def methods(message: Outgoing) -> list[Method]:
    """What is called for a message, in its order, without `chat_id`."""
    content = fallback.adapted(message.content, SHOWS, LIMITS)
    found = _methods(content)
    topic = message.reply.get("topic", "")
    if topic.isascii() and topic.isdecimal():
        found = [(method, body | {"message_thread_id": int(topic)}) for method, body in found]
    about = _ABOUT.fullmatch(message.in_reply_to)
    if found and about and about[1] == message.address:
        method, body = found[0]
        about_it = {"message_id": int(about[2]), "allow_sending_without_reply": True}
        found[0] = (method, body | {"reply_parameters": about_it})
    return found


def _methods(content: Content) -> list[Method]:
    details = content.details
    match content.type:
        case "buttons":
            return _asked(content, content.text, [_button(one) for one in dicts(details.get("buttons"))])
        case "list":
            rows = [_row(row) for section in dicts(details.get("sections")) for row in dicts(section.get("rows"))]
            return _asked(content, _told(content), rows)
        case "location" if all(isinstance(details.get(at), int | float) for at in ("latitude", "longitude")):
            return [*_texts(content.text), _place(details)]
        case "contact" if people := [one for one in dicts(details.get("contacts")) if _phones(one)]:
            rest = [one for one in dicts(details.get("contacts")) if one not in people]
            others = fallback.in_text(Content("contact", details={"contacts": rest})).text if rest else ""
            return [*_texts(content.text), *(one for person in people for one in _person(person)), *_texts(others)]
        case kind if kind in _FILES and content.media:
            return _files(kind, content.media, content.text)
    return _texts(fallback.in_text(content).text)


def _texts(text: str) -> list[Method]:
    return [("sendMessage", {"text": piece}) for piece in pieces(text, LIMITS)]


def _files(kind: str, media: tuple[Media, ...], text: str) -> list[Method]:
    """Each file, with the text below the first where it is short enough, else behind them all."""
    found = [_file(kind, item) for item in media]
    captioned = 0 < size(text, LIMITS) <= LIMITS.caption
    if captioned:
        method, body = found[0]
        found[0] = (method, body | {"caption": text})
    return [*found, *_texts("" if captioned else text)]


def _file(kind: str, item: Media) -> Method:
    mime_type = normal(type_of(item, kind))
    if mime_type and not is_of(mime_type, FETCHED):
        return "sendDocument", {"document": replace(item, mime_type=mime_type)}
    name = {"image": "photo", "audio": "audio", "video": "video"}.get(kind, "document")
    if kind == "image" and (mime_type == "image/gif" or (not mime_type and item.url.lower().endswith(".gif"))):
        name = "animation"
    if kind == "audio" and mime_type == "audio/ogg":
        name = "voice"
    return f"send{name.capitalize()}", {name: file_id(item.url) or item.url}


def brought(body: Body) -> Media | None:
    """The file that has to be brought along with a method; None where there is none."""
    return next((value for value in body.values() if isinstance(value, Media)), None)


def as_link(body: Body) -> Method:
    """The same as a text, where the file cannot be brought along."""
    item = brought(body)
    text = "\n".join(line for line in (body.get("caption", ""), item.for_people if item else "") if line)
    rest = {name: value for name, value in body.items() if value is not item and name != "caption"}
    return "sendMessage", {"text": text} | rest


def is_fetched(body: Body) -> bool:
    """Whether Telegram gets a file from its address before it answers."""
    return any(str(body.get(name, "")).startswith(("https://", "http://")) for name in _BY_ADDRESS)


def _asked(content: Content, text: str, buttons: list[Body]) -> list[Method]:
    """A question with its answers as buttons below it, one a line; its files stand before it, or above it where there
    is one alone."""
    keyboard = {"reply_markup": {"inline_keyboard": [[one] for one in buttons]}}
    text = text.strip()
    if len(content.media) == 1 and size(text, LIMITS) <= LIMITS.caption:
        [(method, body)] = _files(_kind(content.media[0]), content.media, text)
        return [(method, body | keyboard)]
    # A message needs words; a question without any is asked by its answers.
    *before, last = pieces(text, LIMITS) or [" / ".join(one["text"] for one in buttons)]
    files = [_file(_kind(item), item) for item in content.media]
    return [*files, *(one for piece in before for one in _texts(piece)), ("sendMessage", {"text": last} | keyboard)]


def _kind(item: Media) -> str:
    kind = item.mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _button(given: Body) -> Body:
    title, payload, url = (word(given.get(name)) for name in ("title", "payload", "url"))
    return {"text": title or url, "url": url} if url else {"text": title or payload, "callback_data": payload or title}


def _row(given: Body) -> Body:
    title, id = word(given.get("title")), word(given.get("id"))
    return {"text": title or id, "callback_data": id or title}


def _told(content: Content) -> str:
    """The text of a list, and what stands beside its rows: a button holds nothing but a title."""
    lines = []
    for section in dicts(content.details.get("sections")):
        described = [
            f"{word(row.get('title')) or word(row.get('id'))}: {description}"
            for row in dicts(section.get("rows"))
            if (description := word(row.get("description")))
        ]
        title = word(section.get("title"))
        lines += [title, *described] if title and described else described
    return "\n\n".join(part for part in (content.text.strip(), "\n".join(lines)) if part)


def _place(details: Body) -> Method:
    at = {name: details[name] for name in ("latitude", "longitude")}
    name, address = word(details.get("name")), word(details.get("address"))
    if not name and not address:
        return "sendLocation", at
    # Both are required of a venue.
    return "sendVenue", at | {"title": name or address, "address": address or name}


def _phones(person: Body) -> list[str]:
    phones = person.get("phones")
    return [found for one in phones if (found := word(one))] if isinstance(phones, list | tuple) else []


def _person(person: Body) -> list[Method]:
    """A contact has one number; what else is known of somebody follows as text."""
    first, *more = _phones(person)
    emails = person.get("emails")
    more += [word(one) for one in emails if word(one)] if isinstance(emails, list | tuple) else []
    return [
        ("sendContact", {"phone_number": first, "first_name": word(person.get("name")) or first}),
        *_texts("\n".join(more)),
    ]
