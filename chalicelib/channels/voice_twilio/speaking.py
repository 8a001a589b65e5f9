"""A message as it is heard: text is spoken, recordings are played, choices are said with their keys.

https://www.twilio.com/docs/voice/twiml/say and /play. Of what nobody can hear its words are said, or what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from chalicelib.channels.contract import Channel
from chalicelib.channels.fallback import link_lines
from chalicelib.channels.limits import type_of
from chalicelib.channels.splitting import pieces
from chalicelib.channels.voice_twilio import words
from chalicelib.channels.voice_twilio.limits import LIMITS
from chalicelib.channels.voice_twilio.twiml import escaped, verb
from chalicelib.domain.choosing import choices
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_FILES = ("image", "audio", "video", "file")
_LONGEST_HINTS = 500
_LONGEST_TITLE = 120
"""Characters of a choice that are said, with what is said of it: who listens has forgotten how it began."""


def language(channel: Channel) -> str:
    """What the channel's calls are spoken in."""
    return word(channel.settings.get("language")) or "en-US"


def says(text: str, channel: Channel) -> list[str]:
    """A text, as often as it is too long for one."""
    voice = word(channel.settings.get("voice")) or None
    return [
        verb("Say", escaped(piece), language=language(channel), voice=voice)
        for piece in pieces(_without_links(text, channel), LIMITS)
    ]


def phrase(name: str, channel: Channel) -> list[str]:
    """Something that a call says by itself."""
    return says(words.phrase(name, language(channel)), channel)


def spoken(content: Content, channel: Channel) -> list[str]:
    """A message, without its choices where it has some that keys stand for."""
    found = says("\n".join(line for line in (content.text, *_lines(content)) if line), channel)
    played = [_plays(item) for item in content.media if _is_sound(item)]
    if not found and not played and content.type in (*_FILES, "location"):
        return phrase(content.type, channel)
    others = [item for item in content.media if not _is_sound(item)]
    named = [] if found or not others else phrase(_kind(others[0]), channel)
    return [*found, *named, *played]


def offered(content: Content, channel: Channel) -> list[str]:
    """What can be chosen, each with its key."""
    titles = [one["title"] for one in choices(content)] if content.type in ("buttons", "list") else []
    told = [
        words.phrase("press", language(channel), key=str(place), title=_row(title, content)[:_LONGEST_TITLE])
        for place, title in enumerate(titles[: LIMITS.rows], 1)
    ]
    if len(titles) > 9:
        told.append(words.phrase("hash", language(channel)))
    return says("\n".join(told), channel) if told else []


def count(content: Content) -> int:
    """How many choices there are."""
    return len(choices(content)) if content.type in ("buttons", "list") else 0


def hints(content: Content) -> str | None:
    """Words that are likely to be said."""
    found = ", ".join(one["title"].replace(",", " ") for one in choices(content)) if count(content) else ""
    return found[:_LONGEST_HINTS] or None


def _without_links(text: str, channel: Channel) -> str:
    def told(found: re.Match[str]) -> str:
        try:
            host = urlsplit(found[0]).hostname or ""
        except ValueError:
            host = ""
        return words.phrase("link", language(channel), host=host.removeprefix("www.") or "?")

    return _LINK.sub(told, text)


def _lines(content: Content) -> Sequence[str]:
    details = content.details
    match content.type:
        case "buttons":
            return link_lines(content)
        case "location":
            return [word(details.get("name")), word(details.get("address"))]
        case "contact":
            people = dicts(details.get("contacts"))
            return [line for one in people for line in (word(one.get("name")), *_texts(one.get("phones")))]
        case "template" if not content.text:
            return _texts(details.get("parameters"))
    return []


def _row(title: str, content: Content) -> str:
    """A row's title, with what is said of it."""
    for section in dicts(content.details.get("sections")):
        for row in dicts(section.get("rows")):
            if title in (word(row.get("title")), word(row.get("id"))) and (about := word(row.get("description"))):
                return f"{title}, {about}"
    return title


def _texts(given: object) -> list[str]:
    return [text for one in given if (text := word(one))] if isinstance(given, list | tuple) else []


def _is_sound(item: Media) -> bool:
    known = type_of(item)
    return item.url.startswith(("https://", "http://")) and (
        LIMITS.wrong_with(known, item.size or 0) is None if known else False
    )


def _plays(item: Media) -> str:
    return verb("Play", escaped(item.url))


def _kind(item: Media) -> str:
    family = type_of(item).partition("/")[0]
    return family if family in _FILES else "file"
