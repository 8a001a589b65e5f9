"""How a message looks from outside (contract section 5)."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.message import Message


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
        "metadata": {"params": params} if (params := message.content.details.get("params")) else {},
        "from_contact": message.author.kind == "user",
        "delivery_state": message.state,
    }
