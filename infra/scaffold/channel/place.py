"""Where Newchannel's API is, and what opens it: https://newchannel.example/docs/api"""

from __future__ import annotations

from chalicelib.channels.contract import Channel
from chalicelib.wire.json_body import word

API_BASE = "https://api.newchannel.example/v1"


def base_url(channel: Channel) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or API_BASE).rstrip("/")


def authorised(channel: Channel) -> dict[str, str]:
    """The header that opens the API."""
    return {"authorization": f"Bearer {channel.secrets.get('api_key', '')}"}
