"""Where files of messages, and webhooks of channels, are found from outside.

A provider's own reference (`whatsapp-media:<id>`) opens nothing for a bot or desk; they get an address of ours.
It names the message, whose id only those know who were sent the message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.message import Content, Message
from chalicelib.ports.clock import now_ms
from chalicelib.tables import config

_KEEP_MS = 60_000
_kept: tuple[int, str] = (-_KEEP_MS, "")


def public(content: Content, message: str) -> Content:
    """The content with an address of ours for each file that only its provider can open."""
    if all(item.url.startswith(("https://", "http://")) for item in content.media):
        return content
    media = tuple(
        item if item.url.startswith(("https://", "http://")) else replace(item, url=f"{base()}/media/{message}/{index}")
        for index, item in enumerate(content.media)
    )
    return replace(content, media=media)


def public_message(message: Message) -> Message:
    """The message, its files with addresses of ours."""
    return replace(message, content=public(message.content, message.id))


def public_plain(content: dict[str, Any], message: str) -> dict[str, Any]:
    """As `public`, of content as plain data."""
    return public(Content.of(content), message).plain() if content.get("media") else content


def base() -> str:
    """What every address of ours begins with, as deploying told; kept for a minute, empty where it told nothing."""
    global _kept
    if not 0 <= now_ms() - _kept[0] < _KEEP_MS:
        _kept = (now_ms(), str(config.system_settings().get("base_url", "")).rstrip("/"))
    return _kept[1]


def webhook_url(channel: str) -> str:
    """Where a channel's provider calls; empty where deploying told no address."""
    return f"{base()}/channels/{channel}/webhook" if base() else ""


def forget() -> None:
    """Read it anew when it is next asked for."""
    global _kept
    _kept = (-_KEEP_MS, "")
