"""Files of messages: a link to each that works for some minutes; and where visitors put theirs.

`copy_media` gets what users sent as it comes; what it does not have yet, or could not have, is got here when somebody
asks for it: hence a Lambda of its own, as a large file takes its time and memory. Files of a web chat go from the page
into the bucket.
"""

from __future__ import annotations

import asyncio
from typing import Any

from chalice.app import Request, Response

from chalicelib.channels.contract import Channel, TryLater
from chalicelib.channels.webchat import address_of, provider_id, uploads
from chalicelib.domain.message import Message
from chalicelib.domain.thread import thread_id, thread_of_message
from chalicelib.files import fetching, keeping
from chalicelib.inbound import said, strangers
from chalicelib.ports import http, media, web
from chalicelib.ports.web import Problem
from chalicelib.tables import messages
from chalicelib.visitors import chats
from chalicelib.wire.fields import Fields

MAX_OFFER = 16 * 1024
"""Bytes of a page's list of files."""
_TOLD = {
    "unknown_media": ("This file does not exist, or no more.", "Diese Datei gibt es nicht oder nicht mehr."),
    "media_gone": (
        "This file is not to be had: its provider gives it no more, or it is empty or too large.",
        "Diese Datei ist nicht zu haben: Ihr Anbieter gibt sie nicht mehr her, oder sie ist leer oder zu groß.",
    ),
    "media_unavailable": (
        "This file is not to be had now. Try again in a moment.",
        "Diese Datei ist gerade nicht zu haben. Versuchen Sie es gleich noch einmal.",
    ),
}
"""What people read, in English and German."""
_WITHIN = 1000
"""How far back in a thread a message is looked for by its id."""


def run(request: Request, message_id: str, index: str) -> Response:
    """302 to a link that works for five minutes; 404 unknown, 410 where it is not to be had, 503 where not now.

    Whoever opens it in a browser is told so in words.
    """
    try:
        return _opened(message_id, index)
    except Problem as problem:
        accepted = request.headers.get("accept") or ""
        if problem.code not in _TOLD or "text/html" not in accepted:
            raise
        german = (request.headers.get("accept-language") or "").lower().startswith("de")
        told = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return web.text(problem.status, _TOLD[problem.code][german], told | problem.headers)


def _opened(message_id: str, index: str) -> Response:
    thread = thread_of_message(message_id)
    message = messages.find(thread, message_id, within=_WITHIN) if thread else None
    if message is None or not (index.isascii() and index.isdigit()) or int(index) >= len(message.content.media):
        raise Problem(404, "unknown_media", "there is no such file")
    number = int(index)
    item, kept = message.content.media[number], keeping.find(message_id, number)
    if kept is None:
        kept = asyncio.run(_fetched(message, number))
    if kept.refused:
        raise Problem(410, "media_gone", f"the file is not to be had: {kept.refused}", reason=kept.refused)
    link = media.link(keeping.key_of(message_id, number), name=item.name)
    return web.text(302, "", {"Location": link, "Cache-Control": "no-store"})


def offer(request: Request, channel_id: str) -> Response:
    """Where a page may put the files of a message that it is about to post: `{"session","id","files":[{"name",
    "mime_type","size"}]}` -> 200 `{"files":[{"url","fields"}]}`, one for each, good for five minutes."""
    _, channel = chats.chat(channel_id)
    allowed = _allowed(request, channel)
    try:
        return web.answer(200, {"files": _offers(request, channel)}, allowed)
    except Problem as problem:
        problem.headers = allowed | problem.headers
        raise


async def _fetched(message: Message, number: int) -> keeping.Kept:
    async with http.web() as make:
        kept = await fetching.fetch(message, number, make)
    if isinstance(kept, TryLater):
        after = {"Retry-After": str(max(10, kept.after_s))}
        raise Problem(503, "media_unavailable", "the provider does not give it now", headers=after)
    return kept


def preflight(request: Request, channel_id: str) -> Response:
    """Answer a browser that asks before it posts from another origin."""
    return web.text(204, "", _allowed(request, chats.chat(channel_id)[1]))


def _allowed(request: Request, channel: Channel) -> dict[str, str]:
    return chats.allowed(channel, request.headers.get("origin") or "", chats.called(request.headers))


def _offers(request: Request, channel: Channel) -> list[dict[str, Any]]:
    given = web.json_body(request, most=MAX_OFFER)
    if not isinstance(given, dict):
        raise Problem(422, "wrong_fields", "the body must be an object", errors=[("", "must be an object")])
    fields = Fields(given)
    session, id, files = fields.text("session", required=True), fields.text("id", required=True), uploads.files(fields)
    if not channel.settings.get("uploads"):
        fields.refuse("files", "this chat takes no files")
    if fields.wrong:
        raise Problem(422, "wrong_fields", "; ".join(f"{at}: {why}" for at, why in fields.wrong), errors=fields.wrong)
    address = address_of(chats.session(session))
    thread, caller = thread_id(channel.id, address), web.caller(request)
    strangers.admit(channel.id, thread, address=caller, begins=True)
    strangers.admit_files(channel.id, thread, len(files), address=caller)
    message = said.message_of(thread, provider_id(address, id))
    offers = [media.offer(f"{message}/{n}", one.mime_type, one.size or 0) for n, one in enumerate(files)]
    return [{"url": one.url, "fields": dict(one.fields)} for one in offers]
