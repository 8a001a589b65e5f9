"""What a channel sends as text for content that it cannot show, and how an answer to that is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.channels.limits import UNBOUNDED, Limits, type_of
from chalicelib.channels.splitting import size
from chalicelib.domain.choosing import choices as choices
from chalicelib.domain.choosing import chosen as chosen
from chalicelib.domain.choosing import labels, ordinal
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

_ABOUT = ("params", "in_reply_to", "subject", "purpose")
"""Members of `details` that are about what is said, in whatever form that is."""


def adapted(content: Content, shows: frozenset[str], limits: Limits = UNBOUNDED, *, seq: int = 0) -> Content:
    """The content itself where the channel shows it, else the same said in what it does show, and nothing left out.

    Buttons that do not fit become a list where that does, and numbered lines where neither does (`choosing.chosen`
    reads the answer); payloads that the provider does not take become ordinals of the message `seq`; files that it does
    not take become their links. What else is in `details` (custom parameters, the quoted message) stays. What is
    adapted already comes back as it is.
    """
    if content.type in ("buttons", "list"):
        return _choosable(content, shows, limits, seq)
    if content.type in shows and all(_takes(item, content.type, limits) for item in content.media):
        return content
    return in_text(content)


def in_text(content: Content) -> Content:
    """The same as a text."""
    lines = [content.text, *_lines(content), *(item.for_people for item in content.media)]
    kept = {key: value for key, value in content.details.items() if key in _ABOUT}
    text = "\n".join(line for line in lines if line)
    return replace(content, type="text", text=text, media=(), details=kept)


def _takes(item: Media, kind: str, limits: Limits) -> bool:
    """Whether the provider takes a file of a message of this type; of what nobody says the type it is asked."""
    mime_type = type_of(item, kind)
    return not limits.files or not mime_type or limits.wrong_with(mime_type, item.size or 0) is None


def _choosable(content: Content, shows: frozenset[str], limits: Limits, seq: int) -> Content:
    fitting = _with_links(content, limits) if content.type == "buttons" and "buttons" in shows else content
    if not all(_takes(item, content.type, limits) for item in content.media):
        return in_text(content)
    if fitting.type in ("buttons", "list") and fitting.type in shows and _fits(fitting, limits):
        return _short_payloads(fitting, limits, seq)
    found = choices(fitting)
    if fitting.type == "buttons" and "list" in shows and found and not links(fitting):
        kept = {key: value for key, value in fitting.details.items() if key != "buttons"}
        rows = [{"id": one["payload"], "title": one["title"]} for one in found]
        listed = replace(fitting, type="list", details=kept | {"sections": [{"title": "", "rows": rows}]})
        if _fits(listed, limits):
            return _short_payloads(listed, limits, seq)
    return in_text(content)


def _with_links(content: Content, limits: Limits) -> Content:
    """Buttons without those links that cannot be buttons beside the others, which become lines of the text."""
    leading = links(content)
    if len(leading) <= limits.links and not (limits.links_alone and choices(content)):
        return content
    kept = [one for one in dicts(content.details.get("buttons")) if not word(one.get("url"))]
    text = "\n".join(line for line in (content.text, *link_lines(content)) if line)
    return replace(content, text=text, details=content.details | {"buttons": kept})


def _fits(content: Content, limits: Limits) -> bool:
    """Whether the provider shows all of it; one title too long, or there twice, and it refuses the message."""
    found, leading = choices(content), links(content)
    titles = [one["title"].strip() for one in (*found, *leading)]
    listed = content.type == "list"
    most, longest = (limits.rows, limits.row_title) if listed else (limits.buttons, limits.title)
    sections = dicts(content.details.get("sections")) if listed else []
    described = [word(row.get("description")) for section in sections for row in dicts(section.get("rows"))]
    return (
        0 < len(titles) <= (most or len(titles))
        and len({*titles}) == len(titles)
        and all(titles)
        and _within(titles, longest, limits)
        and _within(described, limits.row_description, limits)
        and _within([word(section.get("title")) for section in sections], limits.section_title, limits)
        and _within([content.text], limits.body or limits.text, limits)
    )


def _within(texts: Iterable[str], most: int, limits: Limits) -> bool:
    return not most or all(size(text, limits) <= most for text in texts)


def _short_payloads(content: Content, limits: Limits, seq: int) -> Content:
    """With ordinals for payloads that the provider does not take, as they are too long or those of several choices."""
    given = [one["payload"] for one in choices(content)]
    bad = [
        given.count(one) > 1 or (limits.payload and len(one.encode("utf-8", "replace")) > limits.payload)
        for one in given
    ]
    if not any(bad):
        return content
    said = iter([ordinal(place, seq) if bad[place - 1] else one for place, one in enumerate(given, 1)])
    details = dict(content.details)
    if content.type == "buttons":
        buttons = dicts(details.get("buttons"))
        details["buttons"] = [one if word(one.get("url")) else one | {"payload": next(said)} for one in buttons]
    else:
        details["sections"] = [
            section | {"rows": [row | {"id": next(said)} for row in dicts(section.get("rows"))]}
            for section in dicts(details.get("sections"))
        ]
    return replace(content, details=details)


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
