"""Files that users send: Netcore gives an id, and the file for it to whoever holds the key.

https://wadocs.pepipost.com/sending-message/media-api/get-media
"""

from __future__ import annotations

import re

from chalicelib.channels.contract import Channel, File, Refused, TryLater
from chalicelib.channels.whatsapp_netcore import errors
from chalicelib.channels.whatsapp_netcore.place import authorised, base_url
from chalicelib.domain.exchange import Call

SCHEME = "netcore-media:"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMEOUT_S = 25.0
"""The largest file (a 100 MB document) does not come in the five seconds of a webhook."""


def reference(media_id: str) -> str:
    """What stands in `Media.url` for a file that Netcore holds."""
    return SCHEME + media_id


async def fetched(url: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file of a reference."""
    id = url.removeprefix(SCHEME)
    if not url.startswith(SCHEME) or not _ID.fullmatch(id):
        return Refused("bad_reference", f"no {SCHEME}<id>")
    exchange = await call("GET", f"{base_url(channel)}/media/{id}", headers=authorised(channel), timeout_s=_TIMEOUT_S)
    if exchange.error == "too_large":
        return Refused("too_large", "the file is larger than we take")
    if trouble := errors.of(exchange, 0):
        return trouble
    return File(exchange.body, exchange.headers.get("content-type", ""))
