"""What a desk posts about the conversations that it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.message import Content
from chalicelib.wire.any_case_fields import Fields
from chalicelib.wire.contents import content
from chalicelib.wire.events import Read, read_all

AGENT_MESSAGE, CHAT_TRANSFERRED = "agent.message", "chat.transferred"
TYPES = (
    "chat.accepted", AGENT_MESSAGE, "agent.typing", "chat.hold", "chat.resumed", CHAT_TRANSFERRED,
    "chat.returned_to_bot", "chat.closed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """One event of a desk; `kind` is one of TYPES."""

    kind: str
    conversation: str
    content: Content | None = None
    """Of agent.message."""
    agent: dict[str, str] = field(default_factory=dict)
    """id and name of the person, as far as the desk says them."""
    outcome: str = ""
    """Of chat.closed: how it ended, in the desk's words."""
    desk: str = ""
    """Of chat.transferred: the desk that gets it."""
    id: str = ""
    """The desk's own id (`id` or `Idempotency-Key`), which makes a repeat harmless; empty where it gave none."""
    at: int = 0
    """Milliseconds since the epoch by the desk's clock; 0 where it gave none."""


def read_events(given: Any) -> Read[DeskEvent]:
    """The events of a body (bytes, or its JSON): one, or an array of at most 100. Names in any letter case."""
    return read_all(given, _event)


def _event(fields: Fields) -> DeskEvent:
    fields.know("Idempotency-Key")
    kind = fields.text("type", required=True).strip().lower()
    if kind and kind not in TYPES:
        fields.wrong("type", f"must be one of {', '.join(TYPES)}")
    said = None
    if kind == AGENT_MESSAGE:
        said = content(fields, text="text")
    return DeskEvent(
        kind=kind,
        conversation=fields.text("conversation_id", required=True),
        content=said,
        agent=_agent(fields),
        outcome=fields.text("outcome"),
        desk=fields.text("desk_id", required=kind == CHAT_TRANSFERRED),
        id=fields.text("id") or fields.text("Idempotency-Key"),
        at=fields.time("timestamp"),
    )


def _agent(fields: Fields) -> dict[str, str]:
    if not fields.has("agent"):
        return {}
    inner = fields.object("agent")
    return {name: text for name in ("id", "name") if (text := inner.text(name))} if inner else {}
