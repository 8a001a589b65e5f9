"""Where Gupshup's self-serve API is, and how it is called: https://docs.gupshup.io/docs/session-messages

Forms, whose `message` or `template` is JSON in a field; the key stands in a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib.channels.contract import Channel
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

API_BASE = "https://api.gupshup.io"
MESSAGE, TEMPLATE = "wa/api/v1/msg", "wa/api/v1/template/msg"


def base_url(channel: Channel, otherwise: str = API_BASE) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or otherwise).rstrip("/")


def number(channel: Channel) -> str:
    """The number that it writes from, as Gupshup takes it: digits alone."""
    return word(channel.settings.get("source")).lstrip("+")


async def posted(
    path: str, fields: Mapping[str, str], channel: Channel, call: Call, *, timeout_s: float = SOON_S
) -> Exchange:
    """Post a form, with who sends it."""
    sender = {"channel": "whatsapp", "source": number(channel), "src.name": word(channel.settings.get("app_name"))}
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "apikey": channel.secrets.get("api_key", ""),
    }
    body = urlencode(sender | dict(fields), errors="replace").encode()
    return await call("POST", f"{base_url(channel)}/{path}", headers=headers, body=body, timeout_s=timeout_s)
