"""Recent messages inside a delivery: what a bot or subscription would else have to ask for in a call of its own."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.domain import notice as notices
from chalicelib.domain.message import Message
from chalicelib.domain.notice import Notice
from chalicelib.domain.platform_event import MESSAGE_CREATED
from chalicelib.domain.view import message_view
from chalicelib.ports import clock
from chalicelib.tables import history, media_links

MAX_CONTEXT_BYTES = 32 * 1024
"""Of JSON; what is older than fits is left out, and `truncated` says so."""


def context(notice: Notice, wanted: dict[str, Any] | None) -> dict[str, Any] | None:
    """`{"recent_messages", "truncated"}`: what the contact said and was told before the notice's message, newest first.

    None where none are wanted: `wanted` is the `context` of the bot or subscription. Notes of ours are left out.
    """
    recent = (wanted or {}).get("recent_messages")
    tells_message = (
        notice.kind in (notices.MESSAGE, notices.POSTBACK, notices.HAPPENED) or notice.event == MESSAGE_CREATED
    )
    if not recent or not tells_message:
        return None
    said = [one for one in _said(notice, recent) if one.author.kind != "system"]
    shown: list[dict[str, Any]] = []
    size = 0
    for message in said:
        view = message_view(media_links.public_message(message), at=clock.rfc3339(message.sent_at))
        size += len(json.dumps(view, ensure_ascii=False).encode()) + 1
        if size > MAX_CONTEXT_BYTES:
            break
        shown.append(view)
    return {"recent_messages": shown, "truncated": len(shown) < len(said)}


def _said(notice: Notice, recent: dict[str, Any]) -> list[Message]:
    contact = notice.contact.get("id", "")
    if not contact:
        return []
    sources, limit = recent.get("sources") or [], int(recent["limit"])
    return history.recent(contact, sources=sources, limit=limit, before=(notice.thread, notice.seq))
