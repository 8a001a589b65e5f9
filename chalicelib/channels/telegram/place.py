"""Where the Bot API is, and how it is called: https://core.telegram.org/bots/api#making-requests

The token is part of every address, so none of them is kept or shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.channels.contract import Channel
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

API_BASE = "https://api.telegram.org"
_SAFE = str.maketrans({"+": "-", "/": "_", "=": None})


def base_url(channel: Channel) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or API_BASE).rstrip("/")


def method_url(channel: Channel, method: str) -> str:
    """Where a method is called."""
    return f"{base_url(channel)}/bot{_token(channel)}/{method}"


def file_url(channel: Channel, path: str) -> str:
    """Where a file lies: https://core.telegram.org/bots/api#getfile"""
    return f"{base_url(channel)}/file/bot{_token(channel)}/{quote(path)}"


def secret_token(channel: Channel) -> str:
    """What Telegram is to send with each update: the channel's secret in the characters that Telegram takes."""
    return channel.secrets.get("secret_token", "").translate(_SAFE)


async def posted(
    method: str, body: Mapping[str, Any], channel: Channel, call: Call, *, timeout_s: float = SOON_S
) -> Exchange:
    """Call a method with its parameters as JSON."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json"}
    return await call("POST", method_url(channel, method), headers=headers, body=raw, timeout_s=timeout_s)


def _token(channel: Channel) -> str:
    return quote(channel.secrets.get("bot_token", ""), safe=":")
