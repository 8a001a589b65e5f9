"""Files that users send: Telegram gives an id, and the file for it to whoever holds the bot's token.

https://core.telegram.org/bots/api#getfile
"""

from __future__ import annotations

import mimetypes
import re

from chalicelib.channels.contract import Channel, File, Refused, TryLater
from chalicelib.channels.telegram import errors
from chalicelib.channels.telegram.place import file_url, posted
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

SCHEME = "telegram-file:"
_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TIMEOUT_S = 25.0
"""The largest file (20 MB) does not come in the five seconds of a webhook."""
_ENDINGS = {"oga": "audio/ogg", "ogg": "audio/ogg", "webp": "image/webp", "tgs": "application/x-tgsticker"}
"""Those that not every machine knows."""


def reference(file_id: str) -> str:
    """What stands in `Media.url` for a file that Telegram holds."""
    return SCHEME + file_id


def file_id(url: str) -> str:
    """The reverse; empty for any other address."""
    id = url.removeprefix(SCHEME)
    return id if url.startswith(SCHEME) and _ID.fullmatch(id) else ""


async def fetched(url: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file of a reference, in two calls: where it lies for the next hour, then the file."""
    id = file_id(url)
    if not id:
        return Refused("bad_reference", f"no {SCHEME}<id>")
    described = await posted("getFile", {"file_id": id}, channel, call)
    if trouble := errors.of(described, 0):
        return _of_the_file(trouble)
    found = answered(described).get("result")
    path = word(found.get("file_path")) if isinstance(found, dict) else ""
    if not path or ".." in path.split("/"):
        return TryLater("no_file_path")
    exchange = await call("GET", file_url(channel, path), headers={}, timeout_s=_TIMEOUT_S)
    if exchange.error == "too_large":
        return Refused("too_large", "the file is larger than we take")
    if trouble := errors.of(exchange, 0):
        return trouble
    return File(exchange.body, _type_of(path) or exchange.headers.get("content-type", ""))


def _of_the_file(trouble: TryLater | Refused) -> TryLater | Refused:
    if isinstance(trouble, Refused) and "file is too big" in trouble.reason:
        return Refused("too_large", "Telegram gives files of up to 20 MB")
    if isinstance(trouble, Refused) and "temporarily unavailable" in trouble.reason:
        # Said of ids that are wrong, too.
        return TryLater(f"{trouble.code}: {trouble.reason}")
    return trouble


def _type_of(path: str) -> str:
    # Telegram itself says `application/octet-stream` of all.
    return _ENDINGS.get(path.rpartition(".")[2].lower()) or mimetypes.guess_type(path)[0] or ""
