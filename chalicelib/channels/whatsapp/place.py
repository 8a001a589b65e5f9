"""Where the Cloud API is, and what opens it."""

from __future__ import annotations

from chalicelib.channels import meta
from chalicelib.channels.contract import Channel
from chalicelib.channels.meta import authorised as authorised

API_BASE = "https://graph.facebook.com/v24.0"
"""Meta keeps a version for two years: https://developers.facebook.com/docs/graph-api/changelog/versions/"""


def base_url(channel: Channel) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return meta.base_url(channel, API_BASE)
