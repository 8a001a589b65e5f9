"""What a bot or an agent says, from the fields of its event to a `Content`."""

from __future__ import annotations

import mimetypes
from typing import Any

from chalicelib.domain.message import TYPES, UPLOADED, Content, Media
from chalicelib.wire.any_case_fields import Fields

SENDABLE = tuple(kind for kind in TYPES if kind not in ("postback", "event", "note"))
"""A postback is what a customer does, an event what a system does, and a note is not sent."""
FILES = ("image", "audio", "video", "file")
MAX_MEDIA = 10
MAX_BUTTONS = 10
MAX_ITEMS = 100
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_ALIASES = {"document": "file", "voice": "audio"}


def content(fields: Fields, *, text: str, uploads: bool = False) -> Content:
    """The content of an event; what is wrong is noted in the fields' problems.

    `text` is the name of the text's member; `uploads` says whether files may be such as were put where we said. Others:
    Messagetype (any case; where it is absent it follows from Buttons, List, Media), Media (a URL,
    `{"url","mime_type","size","name"}`, or an array of them), Buttons `[{"title","payload"} or {"title","url"}]`,
    List `{"button","sections"}`, Location, Contacts, Template.
    """
    kind = fields.text("Messagetype").strip().lower()
    kind = _ALIASES.get(kind, kind)
    media = _media(fields, uploads)
    if not kind:
        kind = _implied(fields, media)
    if kind not in SENDABLE:
        fields.wrong("Messagetype", f"must be one of {', '.join(SENDABLE)}")
        return Content()
    if kind in FILES and fields.value("Media") in _NOTHING:
        fields.wrong("Media", f"is required for the type {kind}")
    said = fields.said(text, required=kind in ("text", "buttons", "list"))
    return Content(kind, said, media, _DETAILS[kind](fields) if kind in _DETAILS else {})


def _implied(fields: Fields, media: tuple[Media, ...]) -> str:
    if fields.has("Buttons"):
        return "buttons"
    if fields.has("List"):
        return "list"
    if not media:
        return "text"
    mime_type = media[0].mime_type or mimetypes.guess_type(media[0].url)[0] or ""
    family = mime_type.partition("/")[0]
    return family if family in FILES else "file"


def _media(fields: Fields, uploads: bool) -> tuple[Media, ...]:
    given = fields.value("Media")
    if given in _NOTHING:
        return ()
    items = fields.items("Media", most=MAX_MEDIA) if isinstance(given, list) else [(fields.pointer("Media"), given)]
    return tuple(item for at, one in items if (item := _file(fields, at, one, uploads)))


def _file(fields: Fields, at: str, given: Any, uploads: bool) -> Media | None:
    if isinstance(given, str):
        given = {"url": given}
    if not isinstance(given, dict):
        fields.problems.found.append((at, 'must be a URL or {"url", "mime_type", "size", "name"}'))
        return None
    inner = Fields.of(given, at, fields.problems)
    url = inner.text("url", required=True, most=2048)
    if url and not url.lower().startswith(("https://", "http://")) and not (uploads and url.startswith(UPLOADED)):
        inner.wrong("url", "must begin with https:// or http://")
    size = inner.value("size")
    if isinstance(size, float) and size.is_integer():
        size = int(size)
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < 1 << 53):
        inner.wrong("size", "must be a number of bytes")
        size = None
    return Media(url, inner.text("mime_type", most=256), size, inner.text("name"))


def _buttons(fields: Fields) -> dict[str, Any]:
    buttons = []
    for button in fields.objects("Buttons", most=MAX_BUTTONS):
        title, url = button.text("title", required=True), button.text("url", most=2048)
        if url and not url.lower().startswith(("https://", "http://")):
            button.wrong("url", "must begin with https:// or http://")
        # One that leads somewhere is not pressed, so it has nothing to say.
        buttons.append(
            {"title": title, "url": url} if url else {"title": title, "payload": button.text("payload") or title}
        )
    return {"buttons": buttons}


def _list(fields: Fields) -> dict[str, Any]:
    # {"List": {"button", "sections"}}, or its two members beside the others.
    given = fields.object("List") if fields.has("List") else fields
    if given is None:
        return {}
    sections = []
    for section in given.objects("sections", most=MAX_ITEMS):
        rows = []
        for row in section.objects("rows", most=MAX_ITEMS):
            title = row.text("title", required=True)
            rows.append({"id": row.text("id") or title, "title": title, "description": row.text("description")})
        sections.append({"title": section.text("title"), "rows": rows})
    return {"button": given.text("button"), "sections": sections}


def _location(fields: Fields) -> dict[str, Any]:
    given = fields.object("Location") if fields.has("Location") else fields
    if given is None:
        return {}
    place: dict[str, Any] = {
        "latitude": given.number("latitude", -90, 90),
        "longitude": given.number("longitude", -180, 180),
    }
    return place | {name: text for name in ("name", "address") if (text := given.text(name))}


def _contact(fields: Fields) -> dict[str, Any]:
    contacts = []
    for person in fields.objects("Contacts", most=MAX_ITEMS):
        card: dict[str, Any] = {"name": person.text("name", required=True)}
        for name in ("phones", "emails"):
            if person.has(name):
                card[name] = [_string(person, at, item) for at, item in person.items(name, most=MAX_ITEMS)]
        contacts.append(card)
    return {"contacts": contacts}


def _template(fields: Fields) -> dict[str, Any]:
    given = fields.object("Template")
    if given is None:
        return {}
    parameters = given.value("parameters")
    if parameters is not None and not isinstance(parameters, list | dict):
        given.wrong("parameters", "must be an array or an object")
    return {
        "name": given.text("name", required=True),
        "language": given.text("language"),
        "parameters": parameters or [],
    }


def _string(fields: Fields, at: str, value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    fields.problems.found.append((at, "must be a text"))
    return ""


_DETAILS = {"buttons": _buttons, "list": _list, "location": _location, "contact": _contact, "template": _template}
