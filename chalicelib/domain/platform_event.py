"""Platform events: what subscriptions and the event bus hear of (contract section 5), and in which words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.deciding import routing
from chalicelib.domain.deciding.routing import now_in, unknown_contact
from chalicelib.domain.message import Message
from chalicelib.domain.thread import Conversation
from chalicelib.domain.view import Rfc3339, conversation_view, message_view

MESSAGE_CREATED, MESSAGE_STATUS = "message.created", "message.status"
TRIGGER_COMPLETED, TRIGGER_FAILED = "trigger.completed", "trigger.failed"
OPENED, CLOSED = "conversation.opened", routing.CLOSED
HANDOVER_STARTED, HANDOVER_ACCEPTED = "handover.started", "handover.accepted"
HANDOVER_FAILED, HANDOVER_ENDED = "handover.failed", "handover.ended"
CONTACT_CREATED, CONTACT_UPDATED, CONTACT_MERGED = "contact.created", "contact.updated", "contact.merged"
FAILING, DISABLED, ENABLED = "endpoint.failing", "endpoint.disabled", "endpoint.enabled"
DELIVERY_FAILED = "delivery.failed"
EVENTS = (
    MESSAGE_CREATED,
    MESSAGE_STATUS,
    OPENED,
    CLOSED,
    HANDOVER_STARTED,
    HANDOVER_ACCEPTED,
    HANDOVER_FAILED,
    HANDOVER_ENDED,
    CONTACT_CREATED,
    CONTACT_UPDATED,
    CONTACT_MERGED,
    TRIGGER_COMPLETED,
    TRIGGER_FAILED,
    FAILING,
    DISABLED,
    ENABLED,
    DELIVERY_FAILED,
    "flow.completed",
    "campaign.completed",
    "transformer.result",
)
"""Every type."""


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """Something that happened."""

    type: str
    service: str
    subject: str
    """Id of what it happened to; the 26 characters after its prefix name the lane."""
    cause: str
    """Tells two events of one type and subject apart; the same each time the cause is met again."""
    at: int
    data: dict[str, Any]
    source: str = ""
    """Source of the messages that it is about; empty where it is about none."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What a condition may ask about it, as far as it is known; see `event_facts`."""


def payload(type: str, *, at: str, data: dict[str, Any]) -> dict[str, Any]:
    """The body of a delivery, as Standard Webhooks recommends it."""
    return {"type": type, "timestamp": at, "data": data}


def cloud_event(event: PlatformEvent, *, id: str, at: str) -> dict[str, Any]:
    """The same as CloudEvents 1.0 in JSON: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": f"/parley/{event.service}",
        "type": f"parley.{event.type}",
        "subject": event.subject,
        "time": at,
        "datacontenttype": "application/json",
        "data": event.data,
    }


def message_data(message: Message, *, rfc3339: Rfc3339, status: str = "") -> dict[str, Any]:
    """`data` of message.created, and with a status of message.status."""
    data: dict[str, Any] = {
        "message": message_view(message, at=rfc3339(message.sent_at)),
        "conversation_id": message.conversation or None,
        "channel_id": message.channel,
        "contact_id": message.contact or None,
    }
    if status:
        data["status"] = status
        if message.error and status == "failed":
            data["error"] = message.error
    return data


def conversation_data(conversation: Conversation, *, rfc3339: Rfc3339) -> dict[str, Any]:
    """`data` of conversation.* and handover.*."""
    data: dict[str, Any] = {
        "conversation": conversation_view(conversation, rfc3339=rfc3339),
        "thread_id": conversation.thread,
        "contact_id": conversation.contact or None,
    }
    more = {"reason": conversation.reason, "outcome": conversation.outcome, "agent": conversation.agent}
    return data | {key: value for key, value in more.items() if value}


def never_offered_data(note: Message) -> dict[str, Any]:
    """`data` of handover.failed where there was no desk to offer the conversation to."""
    return {
        "conversation": None,
        "conversation_id": note.conversation or None,
        "thread_id": note.thread,
        "contact_id": note.contact or None,
        "reason": note.content.details.get("reason", ""),
    }


def event_facts(event: PlatformEvent, *, timezone: str) -> dict[str, Any]:
    """What a condition may speak of where no message is at hand: what is unknown is null."""
    known: dict[str, dict[str, Any]] = {
        "message": dict.fromkeys(("type", "text", "source", "postback", "language", "event")),
        "contact": unknown_contact(),
        "channel": dict.fromkeys(("id", "kind")),
        "event": {"type": event.type},
        "thread": dict.fromkeys(("owner", "first", "last_message_age_s")),
        "now": now_in(timezone, event.at),
    }
    known["message"]["source"] = event.source or None
    return {name: members | event.facts.get(name, {}) for name, members in known.items()}
