"""What a desk posts about the conversations that it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.domain.message import NOTE, Content
from chalicelib.wire.any_case_fields import MAX_NAME, Fields
from chalicelib.wire.contents import content
from chalicelib.wire.events import Read, read_all

AGENT_MESSAGE, CHAT_TRANSFERRED = "agent.message", "chat.transferred"
CHAT_ASSIGNED, CHAT_SNOOZED, AGENT_NOTE = "chat.assigned", "chat.snoozed", "agent.note"
TYPES = (
    "chat.accepted", AGENT_MESSAGE, "agent.typing", "chat.hold", "chat.resumed", CHAT_TRANSFERRED,
    "chat.returned_to_bot", "chat.closed", CHAT_ASSIGNED, CHAT_SNOOZED, AGENT_NOTE,
)  # fmt: skip
MOST_MENTIONS = 20


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """One event of a desk; `kind` is one of TYPES."""

    kind: str
    conversation: str
    content: Content | None = None
    """Of agent.message and agent.note."""
    agent: dict[str, str] = field(default_factory=dict)
    """id and name of the person, as far as the desk says them; of chat.assigned, who gets it."""
    outcome: str = ""
    """Of chat.closed: how it ended, in the desk's words."""
    desk: str = ""
    """Of chat.transferred: the desk that gets it."""
    until: int = 0
    """Of chat.snoozed: in milliseconds since the epoch; 0: it is woken."""
    id: str = ""
    """The desk's own id (`id` or `Idempotency-Key`), which makes a repeat harmless; empty where it gave none."""
    at: int = 0
    """Milliseconds since the epoch by the desk's clock; 0 where it gave none."""


def read_events(given: Any, *, uploads: bool = False) -> Read[DeskEvent]:
    """The events of a body (bytes, or its JSON): one, or an array of at most 100. Names in any letter case. `uploads`:
    files may be such as were put where we said."""
    return read_all(given, partial(_event, uploads=uploads))


def _event(fields: Fields, uploads: bool) -> DeskEvent:
    fields.know("Idempotency-Key")
    kind = fields.text("type", required=True).strip().lower()
    if kind and kind not in TYPES:
        fields.wrong("type", f"must be one of {', '.join(TYPES)}")
    said = None
    if kind == AGENT_MESSAGE:
        said = content(fields, text="text", uploads=uploads)
    elif kind == AGENT_NOTE:
        said = Content(NOTE, fields.said("text", required=True), details=_mentions(fields))
    return DeskEvent(
        kind=kind,
        conversation=fields.text("conversation_id", required=True),
        content=said,
        agent=_agent(fields, needed=kind == CHAT_ASSIGNED),
        outcome=fields.text("outcome"),
        desk=fields.text("desk_id", required=kind == CHAT_TRANSFERRED),
        until=fields.time("until") if kind == CHAT_SNOOZED else 0,
        id=fields.text("id") or fields.text("Idempotency-Key"),
        at=fields.time("timestamp"),
    )


def _agent(fields: Fields, *, needed: bool) -> dict[str, str]:
    if not needed and not fields.has("agent"):
        return {}
    inner = fields.object("agent")
    if inner is None:
        return {}
    return {name: text for name in ("id", "name") if (text := inner.text(name, required=needed and name == "id"))}


def _mentions(fields: Fields) -> dict[str, Any]:
    """Ids of the people whom a note is to reach."""
    if fields.value("mentions") in (None, []):
        return {}
    items = fields.items("mentions", most=MOST_MENTIONS)
    wrong = [(at, "must be an id") for at, one in items if not isinstance(one, str) or not 1 <= len(one) <= MAX_NAME]
    fields.problems.found += wrong
    return {} if wrong else {"mentions": [one for _, one in items]}
