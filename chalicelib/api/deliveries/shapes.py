"""Shapes of answers about what waits and what failed, for the OpenAPI description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.figures.shapes import Milliseconds
from chalicelib.api.http.shapes import Attempt, Conversation, ConversationWithThread, Delivery, MessageOnChannel


class Somebody(BaseModel):
    """A contact, as lists name it."""

    id: str
    name: str | None


class WaitingLane(BaseModel):
    """A lane that waits: what one party is still to hear of one thread."""

    lane: str
    state: Literal["waiting", "held", "under_way"]
    """`held`: until its webhook is in use again."""
    delivery_id: str
    """Its oldest undone delivery, which is tried next."""
    thread_id: str | None
    conversation_id: str | None
    contact: Somebody | None
    address: str | None
    channel_id: str | None
    channel_kind: str | None
    owner: Literal["bot", "desk"] | None
    waiting: int
    """Undone deliveries; 99 are 99 or more."""
    since: str
    attempts: list[Attempt]
    next_attempt_at: str | None


class Counted(BaseModel):
    """How many lanes are tried."""

    count: int


class WaitingLanes(BaseModel):
    """How many lanes wait."""

    lanes: int
    """At most 100."""
    more: bool
    oldest_at: str | None
    """None also where a hundred others of its service have waited longer."""


class FailedAttempt(BaseModel):
    """An attempt that failed."""

    at: str
    took_ms: int | None
    status_code: int | None
    error: str | None
    delivery_id: str
    conversation_id: str | None


class Attempts(BaseModel):
    """Attempts by hours, and those of them that failed."""

    times: list[str]
    """When each hour begins."""
    attempts: list[int]
    failed: list[int]
    duration: Milliseconds
    """How long they took."""


class Episode(BaseModel):
    """Failed attempts in a row."""

    from_: str = Field(alias="from")
    to: str | None
    """None: they go on."""
    attempts: int
    code: str | None
    """What the last of them came to."""
    status_code: int | None
    inactive: bool
    """Whether the webhook was switched off."""


class WebhookHealth(BaseModel):
    """How a webhook fares."""

    status: Literal["unverified", "active", "inactive", "suspended"]
    edited: bool
    """Whether an inactive one was edited, and so may be verified."""
    failures: int
    """Failed attempts in a row."""
    limit: int
    """So many switch it off."""
    failing_since: str | None
    inactive_since: str | None
    """None also where it was edited since."""
    waiting: WaitingLanes
    last_failed: list[FailedAttempt]
    """Of the failures in a row, the newest first, at most ten."""
    attempts_24h: Attempts
    """A minute behind."""
    episodes: list[Episode]
    """The newest first, at most fifty that are over."""


class Need(BaseModel):
    """Something that needs somebody."""

    kind: str
    """What is wrong."""
    id: str | None
    """Of what it is about; None: of nothing in particular."""
    name: str | None
    count: int
    """100 are 100 or more; 25 of failures 25 or more."""
    since: str | None


class ToldAgain(BaseModel):
    """Whom a delivery is about, as its thread knows them."""

    id: str | None
    name: str | None
    address: str | None
    channel_kind: str


class ReplayAnswer(BaseModel):
    """What is sent again, or would be."""

    count: int
    deliveries: list[dict[str, Any]]
    """The first hundred of them."""
    skipped: dict[str, int]
    next_since: str | None
    dry_run: bool
    first_at: str | None
    last_at: str | None
    """When the first and the last of them came into being."""
    seconds: int
    """How long it takes, as far as that can be told."""
    conversations: int
    people: list[ToldAgain]
    """Of a dry run: whom the first ten are about."""


class DecidingRule(BaseModel):
    """A rule that has decided."""

    id: str
    name: str | None
    """None once it is removed."""


class AttemptedMessage(MessageOnChannel):
    """One message, with what became of it at whoever was told."""

    deliveries: list[Delivery]
    rule: DecidingRule | None
    """By which it came to somebody who did not have the conversation before, or to nobody."""


class ConversationTimeline(BaseModel):
    """What was said around a conversation; the first page also says of which."""

    data: list[AttemptedMessage]
    """The oldest first."""
    next_cursor: str | None
    """Of what was said before."""
    conversation: ConversationWithThread | None = None
    conversations: list[Conversation] | None = None
    """Of the thread, the oldest first."""
