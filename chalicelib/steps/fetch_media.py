"""Files that users sent: fetched from their provider when first asked for, then kept.

A Lambda of its own: a large file takes its time and memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from chalice.app import Request, Response

from chalicelib import channels
from chalicelib.channels.contract import Channel, File
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Message
from chalicelib.domain.thread import thread_of_message
from chalicelib.ports import http, media, secrets, web
from chalicelib.ports.web import Problem
from chalicelib.tables import config, messages

MAX_FILE = 100 * 1024 * 1024
"""The largest that WhatsApp takes (a document)."""
_WITHIN = 1000
"""How far back in a thread a message is looked for by its id."""


def run(request: Request, message_id: str, index: str) -> Response:
    """302 to a link that works for five minutes; 404 unknown, 410 where the provider has it no longer, 503 not now."""
    thread = thread_of_message(message_id)
    key = f"{message_id}/{index}"
    message = messages.find(thread, message_id, within=_WITHIN) if thread else None
    if message is None or not (index.isascii() and index.isdigit()) or int(index) >= len(message.content.media):
        raise Problem(404, "unknown_media", "there is no such file")
    if not media.has(key):
        held = asyncio.run(_held(message, message.content.media[int(index)].url))
        media.keep(key, held.body, held.mime_type)
    return web.text(302, "", {"Location": media.link(key), "Cache-Control": "no-store"})


async def _held(message: Message, reference: str) -> File:
    adapter: Any = channels.load(message.channel_kind)
    row = config.get("channel", message.channel)
    if row is None or "media" not in adapter.CAN:
        raise Problem(410, "media_gone", "its channel is gone")
    opened = secrets.unseal(row.sealed or "", owner=message.channel)
    channel = Channel(message.channel, (row.body or {}).get("settings") or {}, opened)
    async with http.web() as make:

        async def call(
            method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
        ) -> Exchange:
            return await make(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=MAX_FILE)

        held = await adapter.media(reference, channel, call)
    if isinstance(held, File):
        return held
    if hasattr(held, "code"):
        raise Problem(410, "media_gone", f"the provider does not give it: {held.code}")
    raise Problem(503, "media_unavailable", "the provider does not give it now", headers={"Retry-After": "10"})
