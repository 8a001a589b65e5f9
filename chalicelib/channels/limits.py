"""How much a channel takes in one message, as far as its provider says: who writes is told before it is sent."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.channels import KINDS, load
from chalicelib.domain.file_types import HARMLESS, OCTETS, is_of, normal
from chalicelib.domain.message import TYPES, Content, Media
from chalicelib.wire.contents import MAX_BUTTONS

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileLimit:
    """How large a file of some types may be."""

    types: tuple[str, ...]
    """Each a media type, or how it begins and then a `*`."""
    most_bytes: int

    def takes(self, mime_type: str) -> bool:
        """Whether it is about files of this type."""
        return is_of(mime_type, self.types)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel takes in one message, and for how long after the customer's last word. 0 is as much as may be."""

    files: tuple[FileLimit, ...]
    """The first that is about a file's type holds."""
    text: int = 0
    """Length of a text; what is longer goes out as several."""
    caption: int = 0
    """Length of the text of a file; what is longer goes out beside it."""
    body: int = 0
    """Length of the text above buttons or a list."""
    counted: str = "characters"
    """What lengths are counted in: characters (of Unicode), bytes (of UTF-8) or utf-16 (code units)."""
    sms: int = 0
    """Of what is sent as SMS: how many of them one text may be at most."""
    buttons: int = MAX_BUTTONS
    title: int = 0
    """Length of a button's."""
    links: int = MAX_BUTTONS
    """How many of the buttons may lead somewhere."""
    links_alone: bool = False
    """Whether one that leads somewhere can stand beside none that answers."""
    payload: int = 0
    """Bytes of what comes back of a button or row; for what is longer its place is sent."""
    rows: int = 0
    """Of a list."""
    row_title: int = 0
    row_description: int = 0
    section_title: int = 0
    opener: int = 0
    """Length of the title of the button that opens a list."""
    window_s: int = 0
    """How long the customer may be written to freely since they last wrote; 0: always."""
    people_s: int = 0
    """How long people may write to them, where the channel's setting `human_agent` says that its owner may have them do
    so; 0: as long as bots."""
    rate_per_s: float = 0
    """Messages that the provider takes in a second from one channel."""

    def wrong_with(self, mime_type: str, size: int) -> tuple[str, str] | None:
        """(`mime_type` or `size`, what is wrong with it) of a file; None where the channel takes it."""
        mime_type = normal(mime_type)
        limit = next((one for one in self.files if one.takes(mime_type)), None)
        if limit is None:
            return "mime_type", "the channel takes no files of this type"
        if size > limit.most_bytes:
            return "size", f"the channel takes files of this type up to {limit.most_bytes // MEGABYTE} MB"
        return None


_SEEN_OR_HEARD = ("image", "audio", "video")
UNBOUNDED = Limits(())
"""Of a channel that says none, for what is sent: whether it takes a file or a title, it says itself."""
USUAL = Limits((FileLimit(HARMLESS, 25 * MEGABYTE),))
"""Of such a channel, for what people write: they send no files that a browser or a computer would run."""


def of(kind: str, *, otherwise: Limits = USUAL) -> Limits:
    """Those of a channel's kind; an adapter names its own as `LIMITS`."""
    found: Limits = getattr(load(kind), "LIMITS", otherwise) if kind in KINDS else otherwise
    return found


def never_shown(content: Content, kind: str) -> list[tuple[str, str]]:
    """(member of a message, what is wrong with it) of what the channel's customers could not be shown in any form."""
    shows = load(kind).SHOWS if kind in KINDS else frozenset[str]()
    wrong = []
    if content.type == "template" and "template" not in shows:
        wrong.append(("template", "the channel has no templates"))
    taken = of(kind, otherwise=UNBOUNDED)
    for number, item in enumerate(content.media if taken.files else ()):
        if (mime_type := type_of(item, content.type)) and (found := taken.wrong_with(mime_type, item.size or 0)):
            wrong.append((f"media/{number}/{found[0]}", f"{found[1]}; it is {mime_type}"))
    return wrong


def type_of(item: Media, kind: str = "") -> str:
    """The media type of a file of a message of type `kind`: as it says, or else as its name or its address does.

    Empty where none does: an address may end with how its page is made (`.php`), or name another file in its query, so
    only what is harmless and goes with the message counts of it.
    """
    if normal(item.mime_type) not in ("", OCTETS):
        return item.mime_type
    try:
        at = urlsplit(item.url)
    except ValueError:
        at = urlsplit("")
    for name in (item.name, at.path, *(value for _, value in parse_qsl(at.query))):
        guessed = mimetypes.guess_type(name.rpartition("/")[2])[0] or ""
        of_another_kind = kind in _SEEN_OR_HEARD and guessed.partition("/")[0] != kind
        if name and (name == item.name or (is_of(guessed, HARMLESS) and not of_another_kind)):
            return guessed or item.mime_type
    return item.mime_type


def window_s(kind: str, settings: Mapping[str, Any]) -> int:
    """How long after the customer's last word people may write on a channel with these settings; 0: always."""
    taken = of(kind)
    return taken.people_s if taken.people_s and settings.get("human_agent") is True else taken.window_s


def shown(kind: str) -> dict[str, Any]:
    """As the API tells whoever writes: `types` are those of messages that the channel shows as they are."""
    limits, shows = of(kind), load(kind).SHOWS if kind in KINDS else frozenset()
    return {
        "types": [one for one in TYPES if one in shows],
        "text": limits.text or None,
        "counted": limits.counted,
        "caption": limits.caption or None,
        "body": limits.body or None,
        "sms": limits.sms or None,
        "files": [{"types": list(one.types), "most_bytes": one.most_bytes} for one in limits.files],
        "buttons": {"most": limits.buttons, "title": limits.title or None},
        "rows": {
            "most": limits.rows or None,
            "title": limits.row_title or None,
            "description": limits.row_description or None,
        },
        "window_s": limits.window_s or None,
    }
