"""Files that users send: Meta gives an id, and the file for it to whoever holds the number's token.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

import base64
import hashlib
import re

from chalicelib.channels.contract import Channel, File, Refused, TryLater
from chalicelib.channels.whatsapp import errors
from chalicelib.channels.whatsapp.place import authorised, base_url
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

SCHEME = "whatsapp-media:"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMEOUT_S = 25.0
"""The largest file (a 100 MB document) does not come in the five seconds of a webhook."""


def reference(media_id: str) -> str:
    """What stands in `Media.url` for a file that Meta holds."""
    return SCHEME + media_id


def media_id(url: str) -> str:
    """The reverse; empty for any other address."""
    id = url.removeprefix(SCHEME)
    return id if url.startswith(SCHEME) and _ID.fullmatch(id) else ""


async def fetched(url: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file of a reference, in two calls: where it lies now (an address good for five minutes), then the file."""
    id = media_id(url)
    if not id:
        return Refused("bad_reference", f"no {SCHEME}<id>")
    described = await call("GET", f"{base_url(channel)}/{id}", headers=authorised(channel))
    if trouble := errors.of(described, 0):
        return trouble
    facts = answered(described)
    address = word(facts.get("url"))
    if not address.startswith(("https://", "http://")):
        return TryLater("no_media_url")
    exchange = await call("GET", address, headers=authorised(channel), timeout_s=_TIMEOUT_S)
    if exchange.error == "too_large":
        return Refused("too_large", "the file is larger than we take")
    if trouble := errors.of(exchange, 0):
        return trouble
    if not _whole(exchange.body, word(facts.get("sha256"))):
        return TryLater("checksum_mismatch")
    return File(exchange.body, word(facts.get("mime_type")) or exchange.headers.get("content-type", ""))


def _whole(body: bytes, sha256: str) -> bool:
    # The checksum comes in hexadecimal here and in base64 in notifications; nothing promises either.
    digest = hashlib.sha256(body).digest()
    return not sha256 or sha256.lower() == digest.hex() or sha256 == base64.b64encode(digest).decode()
