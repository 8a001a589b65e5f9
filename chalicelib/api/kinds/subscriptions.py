"""Subscriptions: webhooks of outside systems that hear chosen platform events, verified and retried as bots'."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from chalicelib.api.http.fields import Condition, Fields, Name, Target, invalid
from chalicelib.api.http.formats import ServiceId
from chalicelib.api.http.masks import MaskedHeaders
from chalicelib.api.kinds import webhooks
from chalicelib.api.kinds.bots import Context, Source
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.domain.deciding import conditions
from chalicelib.domain.platform_event import EVENTS
from chalicelib.ports.clock import rfc3339
from chalicelib.tables.config import Resource

MAX_AGE_S = 604_800
"""A week: what is older than that is no news."""


def _event(type: str) -> str:
    if type not in EVENTS:
        raise ValueError(f"must be one of {', '.join(EVENTS)}")
    return type


def _each_once(types: list[str]) -> list[str]:
    return list(dict.fromkeys(types))


class Subscription(webhooks.Webhook):
    """A subscription."""

    service_id: ServiceId
    name: Name | None = None
    url: Target
    events: Annotated[
        list[Annotated[str, AfterValidator(_event), Field(json_schema_extra={"enum": [*EVENTS]})]],
        Field(min_length=1, max_length=50),
        AfterValidator(_each_once),
    ]
    """Which it hears."""
    sources: Annotated[list[Source], Field(max_length=50)] = []
    """Of events about messages and conversations only those of these sources; none: all."""
    when: Condition = None
    """JSONLogic; null: always."""
    context: Context | None = None
    max_age_s: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = MAX_AGE_S


class SubscriptionAnswer(Fields):
    """A subscription, as it stands."""

    id: str
    service_id: str
    name: str | None = None
    status: Literal["unverified", "active", "inactive", "suspended"]
    url: str
    events: list[str]
    sources: list[str]
    when: Any = None
    context: Context | None = None
    headers: MaskedHeaders
    retry: webhooks.Retry
    timeout_s: int
    background: bool
    max_age_s: int | None = None
    verification_token_set: bool
    access_token_set: bool
    signing_secret: str | None = None
    """Shown once."""
    hears_since: str | None = None
    """When it was first verified: it hears what happened after that."""
    created_at: str
    updated_at: str


def settle(draft: Draft) -> Settled:
    """As a bot's webhook; Problem 422 for a condition that is none."""
    if wrong := [(f"/when{path}", what) for path, what in conditions.problems(draft.fields["when"])]:
        raise invalid(wrong)
    # Whoever delivers and verifies knows every webhook's URL by one name.
    fields = draft.fields | {"webhook_url": draft.fields["url"]}
    settled = webhooks.settle(replace(draft, fields=fields), posts=False)
    since = {"since": draft.body["since"]} if "since" in draft.body else {}
    return replace(settled, body=settled.body | since)


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields and the status."""
    fields = {key: value for key, value in row.body.items() if key not in ("webhook_url", "since")}
    since = row.body.get("since")
    return fields | {"hears_since": rfc3339(int(since)) if since else None, "status": shown.status}


KIND = Kind(
    name="subscription", model=Subscription, answer=SubscriptionAnswer, secret=webhooks.SECRETS, settle=settle,
    show=show, webhook=True,
)  # fmt: skip
