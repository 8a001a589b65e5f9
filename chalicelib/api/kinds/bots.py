"""Bots: who answers automatically, on somebody else's platform, behind a webhook."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.http.fields import Fields, Name
from chalicelib.api.http.formats import ServiceId
from chalicelib.api.http.masks import MaskedHeaders
from chalicelib.api.kinds import webhooks
from chalicelib.api.kinds.contract import Kind, Shown
from chalicelib.tables.config import Resource

Source = Annotated[str, Field(min_length=1, max_length=100)]


class History(Fields):
    """How much of a contact's history goes with each delivery."""

    sources: Annotated[list[Source], Field(max_length=50)] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class Context(Fields):
    """What goes with each delivery."""

    recent_messages: History | None = None


class Bot(webhooks.WithUrl):
    """A bot."""

    service_id: ServiceId
    kind: Literal["webhook"] = "webhook"
    name: Name
    profile: Literal["imi", "generic", "standard"] = "generic"
    sources: Annotated[list[Source], Field(max_length=50)] = []
    context: Context | None = None


class WebhookAnswer(Fields):
    """What is answered of a webhook beyond its fields."""

    id: str
    status: Literal["unverified", "active", "inactive", "suspended"]
    events_url: str | None = None
    """Where it posts its events. The URL is a secret: only an admin key sees it, and no list shows it."""
    signing_secret: str | None = None
    """Shown once."""
    verification_token_set: bool
    access_token_set: bool
    created_at: str
    updated_at: str


class BotAnswer(WebhookAnswer):
    """A bot, as it stands."""

    service_id: str
    kind: str
    name: str
    profile: str
    webhook_url: str
    headers: MaskedHeaders
    retry: webhooks.Retry
    timeout_s: int
    background: bool
    max_age_s: int | None = None
    sources: list[str]
    context: Context | None = None


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields and the status."""
    return {key: value for key, value in row.body.items() if key != "token_hash"} | {"status": shown.status}


KIND = Kind(
    name="bot", model=Bot, answer=BotAnswer, secret=webhooks.SECRETS, fixed=frozenset({"service_id", "kind"}),
    settle=webhooks.settle, show=show, webhook=True,
)  # fmt: skip
