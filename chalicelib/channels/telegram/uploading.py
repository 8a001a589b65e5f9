"""Files that Telegram does not get from their address: they are brought along.

https://core.telegram.org/bots/api#sending-files: of documents only PDF and ZIP are fetched, any others go as
`multipart/form-data`. What cannot be had, or is too large, goes as its link.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from chalicelib.channels.contract import Channel, File, TryLater
from chalicelib.channels.following import followed
from chalicelib.channels.telegram.limits import LIMITS, MOST_BYTES
from chalicelib.channels.telegram.place import method_url
from chalicelib.channels.wire import FETCHED_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.domain.message import Media
from chalicelib.wire.json_body import word

_AT_ONCE = 2
_held: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_UNSAFE = re.compile(r'[\x00-\x1f"\\/]')


@asynccontextmanager
async def in_hand(item: Media | None) -> AsyncIterator[None]:
    """Waits while two other files are held: a run has ten chats at a time, and memory for few such files."""
    if item is None:
        yield
        return
    loop = asyncio.get_running_loop()
    async with _held.setdefault(loop, asyncio.Semaphore(_AT_ONCE)):
        yield


async def file_of(item: Media, call: Call) -> File | TryLater | None:
    """What a file holds; None where it is not to be had, or none that Telegram takes."""
    if (item.size or 0) > MOST_BYTES:
        return None
    found = await followed(item.url, call, timeout_s=FETCHED_S)
    if isinstance(found, TryLater):
        return found
    if not isinstance(found, File) or not found.body or LIMITS.wrong_with(item.mime_type, len(found.body)):
        return None
    return found


async def uploaded(
    method: str, body: Mapping[str, Any], file: File, channel: Channel, call: Call, *, timeout_s: float
) -> Exchange:
    """Call a method whose parameters are a form, of which the one that is a `Media` is the file."""
    mark = "parley-" + hashlib.sha256(file.body).hexdigest()[:32]
    parts = [_part(mark, name, value, file) for name, value in body.items()]
    raw = b"".join([*parts, f"--{mark}--\r\n".encode()])
    headers = {"content-type": f"multipart/form-data; boundary={mark}"}
    return await call("POST", method_url(channel, method), headers=headers, body=raw, timeout_s=timeout_s)


def _part(mark: str, name: str, value: Any, file: File) -> bytes:
    """A field of a form: https://www.rfc-editor.org/rfc/rfc7578#section-4"""
    about = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'
    if not isinstance(value, Media):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return f"{about}\r\n\r\n{text}\r\n".encode("utf-8", "replace")
    kind = value.mime_type or "application/octet-stream"
    named = _UNSAFE.sub("_", value.name) or "file" + (mimetypes.guess_extension(kind) or "")
    head = f'{about}; filename="{named}"\r\nContent-Type: {word(_UNSAFE.sub("/", kind))}\r\n\r\n'
    return head.encode("utf-8", "replace") + file.body + b"\r\n"
