"""Shapes of figures, for the OpenAPI description."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from chalicelib.api.http.formats import Moment

Numbers = list[int]
"""One for each of `times`."""
Maybe = list[int | None]
"""As Numbers; null where nothing was measured."""


class Conversations(BaseModel):
    """Conversations of bots and desks."""

    opened: Numbers
    closed: Numbers
    handed_over: Numbers
    """Those that a bot gave to a desk."""


class OfChannel(BaseModel):
    """Messages of a channel."""

    id: str
    received: Numbers
    sent: Numbers
    failed: Numbers
    """Given up on their way to the provider."""


class Received(BaseModel):
    """Messages that came from elsewhere."""

    id: str
    received: Numbers


class Milliseconds(BaseModel):
    """How long something took, of all together."""

    count: int
    p50_ms: int | None
    p95_ms: int | None


class MillisecondsByTime(BaseModel):
    """How long something took."""

    p50_ms: Maybe
    p95_ms: Maybe


class OfWebhook(BaseModel):
    """Attempts at a webhook."""

    id: str
    attempts: Numbers
    failed: Numbers
    duration: Milliseconds
    durations: MillisecondsByTime


class Seconds(BaseModel):
    """How long somebody waited, of all together."""

    count: int
    p50_s: int | None
    p95_s: int | None


class SecondsByTime(BaseModel):
    """How long somebody waited."""

    p50_s: Maybe
    p95_s: Maybe


class OfDesk(BaseModel):
    """A desk's conversations."""

    id: str
    opened: Numbers
    closed: Numbers
    first_reply: Seconds
    """From the opening of a conversation to a person's first word in it."""
    first_replies: SecondsByTime
    outcomes: dict[str, int]
    attempts: Numbers
    """At its webhook, where it has one."""
    failed: Numbers


class FiguresAnswer(BaseModel):
    """What was counted of a service. Percentiles are read off powers of two, so they tell about how much it was."""

    from_: Moment = Field(alias="from")
    to: Moment
    step: Literal["15m", "1h", "1d"]
    times: list[Moment]
    """When each step begins."""
    conversations: Conversations
    first_reply: Seconds
    """Of all desks together."""
    first_replies: SecondsByTime
    channels: list[OfChannel]
    sources: list[Received]
    triggers: list[Received]
    bots: list[OfWebhook]
    desks: list[OfDesk]
    subscriptions: list[OfWebhook]
