"""How a message looks from outside (contract section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.domain.message import Message
from chalicelib.domain.message_change import metadata
from chalicelib.domain.thread import BOT, DESK, Conversation

Rfc3339 = Callable[[int], str]
"""Milliseconds since the epoch as RFC 3339."""


def message_view(message: Message, *, at: str) -> dict[str, Any]:
    """The message as the API, transcripts and widgets show it; `at` is its time in RFC 3339."""
    return {
        "id": message.id,
        "conversation_id": message.conversation or None,
        "thread_id": message.thread,
        "contact_id": message.contact or None,
        "source": message.source,
        "direction": message.direction,
        "author": {"kind": message.author.kind, "id": message.author.id or None, "name": message.author.name or None},
        "type": message.content.type,
        "text": message.content.text,
        "content": message.content.details,
        "media": [item.plain() for item in message.content.media],
        "state": message.state,
        "error": message.error,
        "sent_at": at,
        "sequence": message.seq,
        "metadata": dict(message.content.details.get("metadata") or {})
        | ({"params": params} if (params := message.content.details.get("params")) else {})
        | metadata(message.content),
        "from_contact": message.author.kind == "user",
        "delivery_state": message.state,
    }


def conversation_view(conversation: Conversation, *, rfc3339: Rfc3339) -> dict[str, Any]:
    """The conversation as the API and platform events show it."""
    of = {kind: conversation.party if conversation.kind == kind else None for kind in (BOT, DESK, "source")}
    return {
        "id": conversation.id,
        "service_id": conversation.service,
        "thread_id": conversation.thread,
        "channel_id": conversation.channel or None,
        "source": conversation.source,
        "kind": conversation.kind,
        "bot_id": of[BOT],
        "desk_id": of[DESK],
        "source_id": of["source"],
        "state": conversation.state,
        "contact_id": conversation.contact or None,
        "agent": conversation.agent or None,
        "reason": conversation.reason or None,
        "outcome": conversation.outcome or None,
        "opened_at": rfc3339(conversation.opened_at),
        "closed_at": rfc3339(conversation.closed_at) if conversation.closed_at else None,
    }
