"""Files of a message as the provider that it is sent by gets them.

What agents uploaded, and what is passed on of what somebody sent, lies with us and opens to nobody. The provider is
given a link into the bucket, made anew for each attempt, that works long enough for one which takes a message and gets
its file later. People, where a file goes as its link, are given the address of ours that lasts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.domain.file_types import OCTETS, normal
from chalicelib.domain.message import Content, Media
from chalicelib.files import keeping
from chalicelib.ports import media
from chalicelib.tables import media_links

LASTS_S = 3600
"""How long a provider's link works: some try to get a file for minutes."""
_OURS = re.compile(r"/media/(ms_[a-z0-9]+_[a-z0-9]+)/(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Located:
    """A message whose files of ours are found, with what is known of them."""

    content: Content
    keys: Mapping[str, str] = field(default_factory=dict)
    """Address of a file -> where it is kept."""
    refused: str = ""
    """Why one of them is not to be had: a word."""


def located(content: Content, message: str) -> Located:
    """The content of a message with addresses of ours for its files, and their types and sizes where they are kept."""
    keys: dict[str, str] = {}
    found: list[Media] = []
    refused = ""
    for item in media_links.public(content, message).media:
        of = _ours(item.url)
        kept = keeping.find(*of) if of else None
        if of and kept:
            refused = refused or kept.refused
            keys[item.url] = keeping.key_of(*of)
            says = normal(item.mime_type) not in ("", OCTETS) and not kept.is_really
            item = replace(item, mime_type=item.mime_type if says else kept.mime_type, size=kept.size)
        found.append(item)
    return Located(replace(content, media=tuple(found)), keys, refused)


def linked(content: Content, keys: Mapping[str, str]) -> Content:
    """The content with links that a provider gets its files by; those of others' stay."""
    if not keys:
        return content
    return replace(content, media=tuple(_linked(item, keys) for item in content.media))


def _linked(item: Media, keys: Mapping[str, str]) -> Media:
    if item.url not in keys:
        return item
    return replace(item, url=media.link(keys[item.url], name=item.name, lasts_s=LASTS_S), lasting=item.url)


def _ours(url: str) -> tuple[str, int] | None:
    """Which file of which message an address of ours is."""
    base = media_links.base()
    of = _OURS.fullmatch(url.removeprefix(base)) if url.startswith(f"{base}/media/") else None
    return (of[1], int(of[2])) if of else None
