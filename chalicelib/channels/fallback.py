"""What a channel sends as text for content that it cannot show, and how an answer to that is read."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.choosing import choices as choices
from chalicelib.domain.choosing import chosen as chosen
from chalicelib.domain.choosing import labels
from chalicelib.domain.message import Content
from chalicelib.wire.json_body import dicts, word


def adapted(content: Content, can: frozenset[str]) -> Content:
    """The content itself where the channel `can` show its type, else the same said in text.

    Buttons and list rows become numbered lines (`choosing.chosen` reads the answer), files their links. What else is in
    `details` (custom parameters, the quoted message) stays.
    """
    if content.type in can:
        return content
    lines = [content.text, *_lines(content), *(item.url for item in content.media)]
    kept = {key: value for key, value in content.details.items() if key in ("params", "in_reply_to")}
    text = "\n".join(line for line in lines if line)
    return replace(content, type="text", text=text, media=(), details=kept)


def links(content: Content) -> list[dict[str, str]]:
    """Buttons that lead somewhere rather than answer: `{"title","url"}` each, in the order shown."""
    found = [(word(item.get("title")), word(item.get("url"))) for item in dicts(content.details.get("buttons"))]
    return [{"title": title or url, "url": url} for title, url in found if url]


def link_lines(content: Content) -> list[str]:
    """Those buttons as lines of text."""
    return [f"{link['title']}: {link['url']}" for link in links(content)]


def _lines(content: Content) -> list[str]:
    match content.type:
        case "buttons":
            titles = [choice["title"] for choice in choices(content)]
            return [*map(_labelled, labels(titles), titles), *link_lines(content)]
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


def _labelled(label: str, title: str) -> str:
    return f"{label} {title}" if label else title


def _list_lines(content: Content) -> list[str]:
    # Choices are the rows in their order.
    titles = [choice["title"] for choice in choices(content)]
    lines, named = [], map(_labelled, labels(titles), titles)
    for section in dicts(content.details.get("sections")):
        lines.append(word(section.get("title")))
        for row in dicts(section.get("rows")):
            description = word(row.get("description"))
            lines.append(next(named) + (f" - {description}" if description else ""))
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
