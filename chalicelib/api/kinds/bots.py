"""Bots: who answers automatically, on somebody else's platform behind a webhook, or built in (echo)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from chalicelib.api.http.fields import Fields, Name, Target
from chalicelib.api.http.formats import ServiceId
from chalicelib.api.http.masks import MaskedHeaders
from chalicelib.api.kinds import webhooks
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.bots.echo import ANSWER, HUMAN
from chalicelib.tables.config import Resource

_OF_BOTH = ("service_id", "kind", "name")
_OF_ECHO = ("human", "answer")
Source = Annotated[str, Field(min_length=1, max_length=100)]


class History(Fields):
    """How much of a contact's history goes with each delivery."""

    sources: Annotated[list[Source], Field(max_length=50)] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class Context(Fields):
    """What goes with each delivery."""

    recent_messages: History | None = None


def _by_kind(schema: dict[str, Any]) -> None:
    """A bot of kind webhook needs a URL, and an echo bot takes nothing that is a webhook's."""
    foreign = [name for name in schema["properties"] if name not in (*_OF_BOTH, *_OF_ECHO, "suspended")]
    webhook = {"kind": {"const": "webhook"}, "webhook_url": {"type": "string"}} | dict.fromkeys(_OF_ECHO, False)
    schema["oneOf"] = [
        {"properties": webhook, "required": ["webhook_url"], "anyOf": webhooks.IN_TIME},
        {"properties": {"kind": {"const": "echo"}} | dict.fromkeys(foreign, False), "required": ["kind"]},
    ]  # fmt: skip


class Bot(webhooks.Webhook):
    """A bot."""

    model_config = ConfigDict(json_schema_extra=_by_kind)

    service_id: ServiceId
    kind: Literal["webhook", "echo"] = "webhook"
    name: Name
    webhook_url: Annotated[Target | None, Field(validate_default=True)] = None
    """Of kind webhook, where it is needed."""
    profile: Literal["imi", "generic", "standard"] = "generic"
    sources: Annotated[list[Source], Field(max_length=50)] = []
    context: Context | None = None
    human: Annotated[str, Field(max_length=100)] = HUMAN
    """Of kind echo: who writes nothing but this word is handed over; empty: nobody is."""
    answer: Annotated[str, Field(min_length=1, max_length=1000)] = ANSWER
    """Of kind echo: what it says, with what was said in the place of `{text}`."""

    @field_validator("webhook_url")
    @classmethod
    def _needed_of_webhooks(cls, url: str | None, info: ValidationInfo) -> str | None:
        # Here, so that it is said with all else that is wrong.
        if not url and info.data.get("kind") == "webhook":
            raise ValueError("Field required")
        return url


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
    profile: str | None = None
    webhook_url: str | None = None
    headers: MaskedHeaders | None = None
    retry: webhooks.Retry | None = None
    timeout_s: int | None = None
    background: bool | None = None
    max_age_s: int | None = None
    sources: list[str] | None = None
    context: Context | None = None
    human: str | None = None
    answer: str | None = None
    verification_token_set: bool | None = None  # type: ignore[assignment]
    access_token_set: bool | None = None  # type: ignore[assignment]


def settle(draft: Draft) -> Settled:
    """A bot behind a webhook, which has to be verified; an echo bot is ours, and active at once."""
    if draft.fields["kind"] == "echo":
        return webhooks.built_in(draft, (*_OF_BOTH, *_OF_ECHO), foreign_to="bots")
    webhooks.refuse(draft, {*_OF_ECHO}, "bots", "echo")
    settled = webhooks.settle(draft)
    return replace(settled, body={key: one for key, one in settled.body.items() if key not in _OF_ECHO})


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields and the status."""
    return {key: value for key, value in row.body.items() if key != "token_hash"} | {"status": shown.status}


KIND = Kind(
    name="bot", model=Bot, answer=BotAnswer, secret=webhooks.SECRETS, fixed=frozenset({"service_id", "kind"}),
    settle=settle, show=show, webhook=True,
)  # fmt: skip
