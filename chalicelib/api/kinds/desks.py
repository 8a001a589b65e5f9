"""Desks: where people answer, on a contact-centre platform (webhook) or in our own inbox (console)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.http.fields import Fields, Name, Target, invalid
from chalicelib.api.http.formats import DeskId, ServiceId
from chalicelib.api.http.masks import MaskedHeaders
from chalicelib.api.kinds import webhooks
from chalicelib.api.kinds.bots import WebhookAnswer
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.tables.config import Resource

_OF_BOTH = ("service_id", "kind", "name", "accept_within_s", "fallback_desk_ids")
_OF_CONSOLE = ("first_reply_within_s", "reply_within_s", "outcomes", "hours")
_SPAN = "([01][0-9]|2[0-3]):[0-5][0-9]"
_Within = Annotated[int, Field(ge=1, le=30 * 86_400)]
_Spans = Annotated[list[Annotated[str, Field(pattern=f"^{_SPAN}-({_SPAN}|24:00)$")]], Field(max_length=10)]


def _by_kind(schema: dict[str, Any]) -> None:
    """A desk of kind webhook needs a URL, and one of kind console takes nothing that is a webhook's."""
    foreign = [name for name in schema["properties"] if name not in (*_OF_BOTH, *_OF_CONSOLE, "suspended")]
    webhook = {"kind": {"const": "webhook"}, "webhook_url": {"type": "string"}} | dict.fromkeys(_OF_CONSOLE, False)
    schema["oneOf"] = [
        {"properties": {"kind": {"const": "console"}} | dict.fromkeys(foreign, False)},
        {"properties": webhook, "required": ["webhook_url"], "anyOf": webhooks.IN_TIME},
    ]  # fmt: skip


class Hours(Fields):
    """When a desk is open, in the service's zone: `09:00-17:00`; what ends before it begins ends on the next day."""

    mon: _Spans = []
    tue: _Spans = []
    wed: _Spans = []
    thu: _Spans = []
    fri: _Spans = []
    sat: _Spans = []
    sun: _Spans = []


class Desk(webhooks.Webhook):
    """A desk."""

    model_config = ConfigDict(json_schema_extra=_by_kind)

    service_id: ServiceId
    kind: Literal["console", "webhook"]
    name: Name
    webhook_url: Target | None = None
    """Of kind webhook, where it is needed."""
    accept_within_s: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Not accepted in time: the chat goes to the next of `fallback_desk_ids`, or back to the bot."""
    fallback_desk_ids: Annotated[list[DeskId], Field(max_length=10)] = []
    first_reply_within_s: _Within | None = None
    """Of kind console, as all that follows: how soon a person is to answer first. The inbox shows by when."""
    reply_within_s: _Within | None = None
    """How soon a person is to answer later on."""
    outcomes: Annotated[list[Name], Field(max_length=50)] = []
    """What the console offers as outcomes when a chat is closed."""
    hours: Hours | None = None
    """Only open time counts for what is due; null, or hours without any time: all of it."""


class DeskAnswer(WebhookAnswer):
    """A desk, as it stands."""

    service_id: str
    kind: str
    name: str
    webhook_url: str | None = None
    headers: MaskedHeaders | None = None
    retry: webhooks.Retry | None = None
    timeout_s: int | None = None
    background: bool | None = None
    max_age_s: int | None = None
    accept_within_s: int | None = None
    fallback_desk_ids: list[str]
    first_reply_within_s: int | None = None
    reply_within_s: int | None = None
    outcomes: list[str] | None = None
    hours: Hours | None = None
    verification_token_set: bool | None = None  # type: ignore[assignment]
    access_token_set: bool | None = None  # type: ignore[assignment]


def settle(draft: Draft) -> Settled:
    """A webhook desk as bots; a console desk is active at once and has no webhook."""
    if draft.id in draft.fields["fallback_desk_ids"]:
        raise invalid([("/fallback_desk_ids", "names the desk itself")])
    if draft.fields["kind"] == "webhook":
        if not draft.fields["webhook_url"]:
            raise invalid([("/webhook_url", "Field required")])
        webhooks.refuse(draft, {*_OF_CONSOLE}, "desks", "console")
        settled = webhooks.settle(draft)
        return replace(settled, body={key: one for key, one in settled.body.items() if key not in _OF_CONSOLE})
    return webhooks.built_in(draft, (*_OF_BOTH, *_OF_CONSOLE), foreign_to="desks")


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields and the status."""
    return {key: value for key, value in row.body.items() if key != "token_hash"} | {"status": shown.status}


KIND = Kind(
    name="desk", model=Desk, answer=DeskAnswer, refs={"fallback_desk_ids": "desk"}, secret=webhooks.SECRETS,
    fixed=frozenset({"service_id", "kind"}), settle=settle, show=show, webhook=True,
)  # fmt: skip
