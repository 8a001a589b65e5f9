"""The same facts in the form that Standard Webhooks recommends: type, timestamp, and data in snake_case.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain import notice as notices
from chalicelib.domain.message import Content
from chalicelib.domain.notice import Notice
from chalicelib.wire.times import rfc3339

TYPES = {
    notices.MESSAGE: "message.received",
    notices.POSTBACK: "message.received",
    notices.STATUS: "message.status",
    notices.EDITED: "message.edited",
    notices.DELETED: "message.deleted",
    notices.REACTION: "message.reaction",
    notices.HAPPENED: "customer.happened",
    notices.OPTED_OUT: "consent.changed",
    notices.OPTED_IN: "consent.changed",
    notices.HANDOVER_FAILED: "conversation.updated",
    notices.OWNER_CHANGED: "conversation.updated",
}

SAID = (notices.MESSAGE, notices.POSTBACK)
"""Notices of what somebody said: the others tell of the bot's own messages, or of nobody's."""
AUTHORED = (*SAID, *notices.CHANGES, *notices.CONSENTS, notices.HAPPENED)
"""Notices of what somebody did."""


def payload(notice: Notice, *, label: str, context: Any = None) -> dict[str, Any] | None:
    """The body of a delivery; None for what only desks are told."""
    if notice.kind not in TYPES:
        return None
    data: dict[str, Any] = {
        "conversation_id": notice.conversation, "conversation_type": notice.mode, "thread_id": notice.thread,
        **_told(notice), "channel": label,
        "contact": {"id": notice.contact.get("id", ""), "name": notice.contact.get("name", "")},
    }  # fmt: skip
    if notice.number:
        data["sequence"] = notice.number
    if notice.author and notice.kind in AUTHORED:
        data["author"] = author(notice)
    if said_by := speaker(notice):
        data["speaker"] = said_by
    if notice.source:
        data["message_source"] = notice.source
    if context is not None:
        data["context"] = context
    return {"type": TYPES[notice.kind], "timestamp": rfc3339(notice.at), "data": data}


def author(notice: Notice) -> str:
    """Who says it: customer, agent, or the kind itself (event, system, bot)."""
    kind = notice.author.get("kind", "")
    return "customer" if kind == "user" else kind


def speaker(notice: Notice) -> dict[str, str]:
    """Who says it where it is said in a group: id at the provider, and name; empty elsewhere."""
    said_in = notice.content.get("details", {}).get("group") and notice.author.get("kind") == "user"
    return {name: notice.author.get(name, "") for name in ("id", "name")} if said_in else {}


def media(content: Content) -> list[dict[str, Any]]:
    """The files of a message, each with all four members."""
    return [{"url": one.url, "mime_type": one.mime_type, "size": one.size, "name": one.name} for one in content.media]


def description(notice: Notice) -> str:
    """Why a message failed: the provider's code, by which it can be looked up, and words, as far as it gave them."""
    error = notice.error or {}
    code, reason = str(error.get("code") or ""), str(error.get("reason") or "")
    if code and reason and code not in reason:
        return f"{code}: {reason}"
    return reason or code or notice.reason or "unknown"


def happened(content: Content) -> str:
    """What happened, in a word: started, missed_call, ..."""
    return str(content.details.get("name", ""))


def consent(content: Content) -> tuple[str, str]:
    """For what somebody wants to be written to or not (all, marketing), and why in the provider's words."""
    return str(content.details.get("scope", "")), str(content.details.get("why", ""))


def _told(notice: Notice) -> dict[str, Any]:
    content = Content.of(notice.content)
    match notice.kind:
        case notices.MESSAGE | notices.POSTBACK:
            told = {
                "message": content.text, "message_type": content.type, "message_id": notice.message,
                "media": media(content),
            }  # fmt: skip
            if notice.kind == notices.POSTBACK:
                told |= {"message_type": "postback", "postback_payload": content.details.get("payload", content.text)}
            return told | ({"details": content.details} if content.details else {})
        case notices.HAPPENED:
            told = {"happened": happened(content), "message": content.text, "message_id": notice.message}
            return told | {"details": content.details}
        case notices.STATUS:
            told = {"message_id": notice.message, "status": notice.status}
            return told | ({"description": description(notice)} if notice.status == "failed" else {})
        case notices.EDITED:
            return {"message_id": content.details.get("message_id", ""), "message": content.text}
        case notices.DELETED:
            return {"message_id": content.details.get("message_id", "")}
        case notices.REACTION:
            return {"message_id": content.details.get("message_id", ""), "reaction": content.text}
        case notices.OPTED_OUT | notices.OPTED_IN:
            scope, why = consent(content)
            said: dict[str, Any] = {"given": notice.kind == notices.OPTED_IN, "scope": scope}
            return said | ({"description": why} if why else {})
        case notices.HANDOVER_FAILED:
            return {"change": "handover_failed", "description": notice.reason}
    return {"change": "owner_changed", "owner": notice.owner or None}
