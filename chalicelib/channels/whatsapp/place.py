"""Where the Cloud API is, and what opens it."""

from __future__ import annotations

from chalicelib.channels.contract import Channel
from chalicelib.wire.json_body import word

API_BASE = "https://graph.facebook.com/v24.0"
"""Meta keeps a version for two years: https://developers.facebook.com/docs/graph-api/changelog/versions/"""


def base_url(channel: Channel) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or API_BASE).rstrip("/")


def authorised(channel: Channel) -> dict[str, str]:
    """The header that opens it."""
    return {"authorization": f"Bearer {channel.secrets.get('access_token', '')}"}
