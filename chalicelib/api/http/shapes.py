"""Shapes of what the reading API answers, for the OpenAPI description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from chalicelib.api.http.takes import Takes, Window
from chalicelib.sources.reading import MOST_EVENTS


class Wrong(BaseModel):
    """One wrong field."""

    path: str
    """JSON pointer."""
    message: str


class Problem(BaseModel):
    """RFC 9457: what is wrong."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Stable, snake_case."""
    errors: list[Wrong]


class Person(BaseModel):
    """Who a contact is, or who said something."""

    id: str | None
    name: str | None


class Author(Person):
    """Who said a message."""

    kind: Literal["user", "bot", "agent", "event", "system"]


class Conversation(BaseModel):
    """An episode on a thread."""

    id: str
    service_id: str
    thread_id: str
    channel_id: str | None
    source: str
    kind: Literal["bot", "desk", "source", "notification"]
    bot_id: str | None
    desk_id: str | None
    source_id: str | None
    state: str
    contact_id: str | None
    agent: dict[str, str] | None
    reason: str | None
    outcome: str | None
    opened_at: str
    closed_at: str | None
    test: bool
    """Of who tries the service: nothing of it is counted in figures."""


class ListedConversation(Conversation):
    """A conversation with what its list shows of its thread."""

    contact: Person
    owner: Literal["bot", "desk"] | None
    address: str | None


class Thread(BaseModel):
    """One user address on one channel."""

    id: str
    service_id: str
    channel_id: str
    channel_kind: str
    address: str
    owner: Literal["bot", "desk"] | None
    bot_id: str | None
    desk_id: str | None
    bot_conversation_id: str | None
    desk_conversation_id: str | None
    contact: dict[str, Any]
    messages: int
    first_message_at: str | None
    last_message_at: str | None
    takes: Takes
    window: Window | None
    """Null: the customer may be written to at any time."""


class ConversationWithThread(Conversation):
    """A conversation with its thread."""

    thread: Thread


class ThreadWithConversations(Thread):
    """A thread with its conversations."""

    conversations: list[Conversation]


class Message(BaseModel):
    """One message."""

    id: str
    conversation_id: str | None
    thread_id: str
    contact_id: str | None
    source: str
    direction: Literal["in", "out"]
    author: Author
    type: str
    text: str
    content: dict[str, Any]
    media: list[dict[str, Any]]
    state: Literal["received", "pending", "sent", "delivered", "read", "failed"]
    error: dict[str, Any] | None
    sent_at: str
    sequence: int
    metadata: dict[str, Any]
    from_contact: bool
    delivery_state: str


class MessageOnChannel(Message):
    """One message, with its channel."""

    channel_id: str


class Pagination(BaseModel):
    """Where a page stands."""

    previous_cursor: str | None
    next_cursor: str | None
    total: int | None
    """Known of a conversation alone."""


class MessagesListAnswer(BaseModel):
    """A page of messages, as Airy has it."""

    data: list[Message]
    pagination_data: Pagination


class Attempt(BaseModel):
    """One attempt of a delivery."""

    n: int
    at: str
    took_ms: int | None
    status_code: int | None
    error: str | None
    response_head: str | None
    done: int | None = None
    """Of a message that its channel sends in several parts: how many had gone out when the attempt failed."""
    warnings: list[dict[str, str]] = []


class Accepted(BaseModel):
    """What was taken; of several events, `events` holds one each."""

    status: Literal["accepted"]
    warnings: list[dict[str, str]] = []
    message_id: str | None = None
    event_id: str | None = None
    conversation_id: str | None = None
    events: list[dict[str, Any]] | None = None


class SourceEvents(RootModel[dict[str, Any] | Annotated[list[Any], Field(max_length=MOST_EVENTS)]]):
    """One event of another system, or up to 500, as that system has them."""


class RejectedEvent(BaseModel):
    """An event that was not taken, and why."""

    index: int
    errors: list[Wrong]
    """Each path is that of an expression of the source's mapping."""


class SourceAccepted(BaseModel):
    """What became of events that were posted to a source."""

    accepted: int
    rejected: list[RejectedEvent]


class Delivery(BaseModel):
    """One thing that must reach one party outside."""

    id: str
    lane: str
    status: Literal["pending", "waiting", "delivered", "failed", "expired", "poison", "unknown"]
    destination_id: str
    bot_id: str | None = None
    desk_id: str | None = None
    subscription_id: str | None = None
    channel_id: str | None = None
    trigger_id: str | None = None
    kind: str | None
    event: str | None = None
    """Of a platform event: its type."""
    thread_id: str | None
    conversation_id: str | None
    message_id: str | None
    created_at: str
    attempts: list[Attempt]
    next_attempt_at: str | None
    replay_of: str | None


class Failure(BaseModel):
    """What our own code could not do."""

    id: str
    step: str
    queue: str
    at: str
    replayed_at: str | None
    thread_id: str | None
    lane: str | None


class AuditEntry(BaseModel):
    """One change."""

    id: str
    at: str
    actor: str
    action: str
    subject: str
    change: dict[str, Any]


class Named(BaseModel):
    """A resource of a bundle."""

    kind: str
    name: str | None
    id: str | None


class Applied(BaseModel):
    """What applying a bundle did."""

    service_id: str | None
    dry_run: bool
    created: list[Named]
    updated: list[Named]
    unchanged: list[Named]
    deleted: list[Named]
    warnings: list[dict[str, Any]]
    secrets: dict[str, dict[str, dict[str, Any]]] | None = None


class Verified(BaseModel):
    """A webhook that passed."""

    id: str
    kind: str
    status: Literal["active"]


class Health(BaseModel):
    """The API answers."""

    status: Literal["ok"]
