"""Where Gupshup's APIs are, and how they are called: https://docs.gupshup.io/docs/session-messages

Forms, whose `message` or `template` is JSON in a field, with the key in a header; or, of an enterprise account, the
form of its gateway, with user and password among the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib.channels.contract import Channel
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

API_BASE, GATEWAY_BASE = "https://api.gupshup.io", "https://mediaapi.smsgupshup.com"
MESSAGE, TEMPLATE = "wa/api/v1/msg", "wa/api/v1/template/msg"
GATEWAY = "GatewayAPI/rest"
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def base_url(channel: Channel, otherwise: str = API_BASE) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or otherwise).rstrip("/")


def is_enterprise(channel: Channel) -> bool:
    """Whether it is an account of the enterprise gateway, and not a self-serve app."""
    return bool(word(channel.settings.get("user_id")))


def number(channel: Channel) -> str:
    """The number that it writes from, as Gupshup takes it: digits alone."""
    return word(channel.settings.get("source")).lstrip("+")


async def posted(
    path: str, fields: Mapping[str, str], channel: Channel, call: Call, *, timeout_s: float = SOON_S
) -> Exchange:
    """Post a form, with who sends it."""
    sender = {"channel": "whatsapp", "source": number(channel), "src.name": word(channel.settings.get("app_name"))}
    headers = _FORM | {"apikey": channel.secrets.get("api_key", "")}
    body = urlencode(sender | dict(fields), errors="replace").encode()
    return await call("POST", f"{base_url(channel)}/{path}", headers=headers, body=body, timeout_s=timeout_s)


async def submitted(
    fields: Mapping[str, str], channel: Channel, call: Call, *, is_template: bool, timeout_s: float = SOON_S
) -> Exchange:
    """Post a form to the gateway of an enterprise account, which may have another for templates. It takes the password
    in an address, too, where it would be logged."""
    user, password = word(channel.settings.get("user_id")), channel.secrets.get("api_key", "")
    if is_template and (other := word(channel.settings.get("hsm_user_id"))):
        user, password = other, channel.secrets.get("hsm_password", "")
    who = {"v": "1.1", "format": "json", "auth_scheme": "plain", "userid": user, "password": password}
    body = urlencode(who | dict(fields), errors="replace").encode()
    url = f"{base_url(channel, GATEWAY_BASE)}/{GATEWAY}"
    return await call("POST", url, headers=dict(_FORM), body=body, timeout_s=timeout_s)
