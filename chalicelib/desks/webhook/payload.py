"""What a desk is posted: chats that begin, what is said in them, and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.domain import notice as notices
from chalicelib.domain.message import Content
from chalicelib.domain.notice import Notice
from chalicelib.wire.times import rfc3339

TYPES = {
    notices.CHAT_STARTED: "chat.started",
    notices.MESSAGE: "message.received",
    notices.POSTBACK: "message.received",
    notices.STATUS: "message.status",
    notices.EDITED: "message.edited",
    notices.DELETED: "message.deleted",
    notices.REACTION: "message.reaction",
    notices.HAPPENED: "customer.happened",
    notices.OPTED_OUT: "consent.changed",
    notices.OPTED_IN: "consent.changed",
    notices.CHAT_ENDED: "chat.ended_by_customer",
}


def payload(
    notice: Notice, *, label: str = "", transcript: Sequence[dict[str, Any]] | None = None
) -> dict[str, Any] | None:
    """The body of a delivery; None where a desk is not told of the notice, so that nothing is sent.

    `label` is the channel's name on the wire. `transcript` is what was said before, oldest first, in the API's form of
    a message (contract 5); only chat.started carries it.
    """
    if notice.kind not in TYPES:
        return None
    channel = {"id": notice.channel, "kind": notice.channel_kind, "label": label}
    data: dict[str, Any] = {
        "conversation_id": notice.conversation,
        "thread_id": notice.thread,
        "contact": {"id": notice.contact.get("id", ""), "name": notice.contact.get("name", "")},
        "channel": {name: value for name, value in channel.items() if value},
    }
    match notice.kind:
        case notices.CHAT_STARTED:
            data |= {"transcript": list(transcript or ()), "custom_params": notice.params, "reason": notice.reason}
        case notices.MESSAGE | notices.POSTBACK | notices.HAPPENED:
            data["message"] = _message(notice)
        case notices.STATUS:
            data |= {"message": {"id": notice.message}, "status": notice.status}
            if notice.error:
                data["error"] = notice.error
        case notices.EDITED:
            data["message"] = {
                "id": notice.content["details"].get("message_id", ""),
                "text": notice.content.get("text", ""),
            }
        case notices.DELETED:
            data["message"] = {"id": notice.content["details"].get("message_id", "")}
        case notices.REACTION:
            data["message"] = {"id": notice.content["details"].get("message_id", "")}
            data["reaction"] = notice.content.get("text", "")
        case notices.OPTED_OUT | notices.OPTED_IN:
            details = notice.content.get("details", {})
            data["given"] = notice.kind == notices.OPTED_IN
            data |= {name: details[name] for name in ("scope", "why") if details.get(name)}
        case notices.CHAT_ENDED:
            data["reason"] = notice.reason
    return {"type": TYPES[notice.kind], "timestamp": rfc3339(notice.at), "data": data}


def _message(notice: Notice) -> dict[str, Any]:
    """As in transcripts, without what a notice does not know (state and delivery_state)."""
    content = Content.of(notice.content)
    kind = notice.author.get("kind", "")
    return {
        "id": notice.message,
        "conversation_id": notice.conversation,
        "thread_id": notice.thread,
        "contact_id": notice.contact.get("id") or None,
        "source": notice.source,
        "direction": "out" if kind in ("bot", "agent", "system") else "in",
        "author": {"kind": kind, "id": notice.author.get("id") or None, "name": notice.author.get("name") or None},
        "type": content.type,
        "text": content.text,
        "content": content.details,
        "media": [item.plain() for item in content.media],
        "sent_at": rfc3339(notice.at),
        "sequence": notice.seq,
        "from_contact": kind == "user",
    }
