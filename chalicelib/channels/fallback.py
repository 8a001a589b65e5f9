"""What a channel sends as text for content that it cannot show, and how an answer to that is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.message import Content
from chalicelib.wire.json_body import dicts, word

_NUMBER = re.compile(r"\s*(\d{1,3})\s*[.)]?\s*")


def adapted(content: Content, can: frozenset[str]) -> Content:
    """The content itself where the channel `can` show its type, else the same said in text.

    Buttons and list rows become numbered lines; `chosen` reads the answer. Files become their links. What else is in
    `details` (custom parameters, the quoted message) stays.
    """
    if content.type in can:
        return content
    lines = [content.text, *_lines(content), *(item.url for item in content.media)]
    kept = {key: value for key, value in content.details.items() if key in ("params", "in_reply_to")}
    text = "\n".join(line for line in lines if line)
    return replace(content, type="text", text=text, media=(), details=kept)


def choices(content: Content) -> list[dict[str, str]]:
    """What can be chosen from a message with buttons or a list: `{"title","payload"}` each, in the order shown."""
    pressed = [item for item in dicts(content.details.get("buttons")) if not word(item.get("url"))]
    buttons = [(word(item.get("title")), word(item.get("payload"))) for item in pressed]
    rows = [
        (word(row.get("title")), word(row.get("id")))
        for section in dicts(content.details.get("sections"))
        for row in dicts(section.get("rows"))
    ]
    return [{"title": title or payload, "payload": payload or title} for title, payload in buttons + rows]


def links(content: Content) -> list[dict[str, str]]:
    """Buttons that lead somewhere rather than answer: `{"title","url"}` each, in the order shown."""
    found = [(word(item.get("title")), word(item.get("url"))) for item in dicts(content.details.get("buttons"))]
    return [{"title": title or url, "url": url} for title, url in found if url]


def link_lines(content: Content) -> list[str]:
    """Those buttons as lines of text."""
    return [f"{link['title']}: {link['url']}" for link in links(content)]


def chosen(text: str, offered: Sequence[dict[str, str]]) -> dict[str, str] | None:
    """The choice that an answer means, by its number or its title in any case; None where it means none."""
    if found := _NUMBER.fullmatch(text):
        number = int(found[1])
        return offered[number - 1] if 1 <= number <= len(offered) else None
    said = text.strip().casefold()
    return next((choice for choice in offered if choice["title"].strip().casefold() == said), None)


def _lines(content: Content) -> list[str]:
    match content.type:
        case "buttons":
            numbered = [f"{number}. {choice['title']}" for number, choice in enumerate(choices(content), 1)]
            return [*numbered, *link_lines(content)]
        case "list":
            return _list_lines(content)
        case "location":
            return _location_lines(content)
        case "contact":
            return [line for person in dicts(content.details.get("contacts")) for line in _contact_lines(person)]
        case "template" if not content.text:
            # The wording is the provider's; what we know of it are the values that fill its blanks.
            parameters = content.details.get("parameters")
            return [word(value) for value in parameters] if isinstance(parameters, list | tuple) else []
        case "postback" if not content.text:
            return [word(content.details.get("title")) or word(content.details.get("payload"))]
    return []


def _list_lines(content: Content) -> list[str]:
    lines, number = [], 0
    for section in dicts(content.details.get("sections")):
        lines.append(word(section.get("title")))
        for row in dicts(section.get("rows")):
            number += 1
            description = word(row.get("description"))
            lines.append(f"{number}. {word(row.get('title'))}" + (f" - {description}" if description else ""))
    return lines


def _location_lines(content: Content) -> list[str]:
    details = content.details
    lines = [word(details.get("name")), word(details.get("address"))]
    latitude, longitude = details.get("latitude"), details.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        lines.append(f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}")
    return lines


def _contact_lines(person: dict[str, object]) -> list[str]:
    lines = [word(person.get("name"))]
    for key in ("phones", "emails"):
        values = person.get(key)
        lines += [word(value) for value in values] if isinstance(values, list | tuple) else []
    return lines
