"""Where Netcore's API is, and how it is called: https://wadocs.pepipost.com/sending-message/send-message-api"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.contract import Channel
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

API_BASE = "https://waapi.pepipost.com/api/v2"
SEND_PATH = "message/"
CONSENT_PATH = "consent/manage/"


def base_url(channel: Channel) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or API_BASE).rstrip("/")


def send_path(channel: Channel) -> str:
    """Below it, where messages are posted: newer accounts have another."""
    return word(channel.settings.get("send_path")) or SEND_PATH


def authorised(channel: Channel) -> dict[str, str]:
    """The header that opens the API."""
    return {"authorization": f"Bearer {channel.secrets.get('api_key', '')}"}


async def posted(path: str, body: Any, channel: Channel, call: Call, *, timeout_s: float = SOON_S) -> Exchange:
    """Post JSON below the API's base."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json", **authorised(channel)}
    return await call("POST", f"{base_url(channel)}/{path}", headers=headers, body=raw, timeout_s=timeout_s)
