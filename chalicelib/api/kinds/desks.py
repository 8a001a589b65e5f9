"""Desks: where people answer, on a contact-centre platform (webhook) or in our own inbox (console)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.http.fields import Name, Target, invalid
from chalicelib.api.http.formats import DeskId, ServiceId
from chalicelib.api.http.masks import MaskedHeaders
from chalicelib.api.kinds import webhooks
from chalicelib.api.kinds.bots import WebhookAnswer
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.tables import endpoints
from chalicelib.tables.config import Resource

_OF_BOTH = ("service_id", "kind", "name", "accept_within_s", "fallback_desk_ids")


def _by_kind(schema: dict[str, Any]) -> None:
    """A desk of kind webhook needs a URL, and one of kind console takes nothing that is a webhook's."""
    foreign = [name for name in schema["properties"] if name not in (*_OF_BOTH, "suspended")]
    schema["oneOf"] = [
        {"properties": {"kind": {"const": "console"}} | dict.fromkeys(foreign, False)},
        {"properties": {"kind": {"const": "webhook"}, "webhook_url": {"type": "string"}}, "required": ["webhook_url"],
         "anyOf": webhooks.IN_TIME},
    ]  # fmt: skip


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
    verification_token_set: bool | None = None  # type: ignore[assignment]
    access_token_set: bool | None = None  # type: ignore[assignment]


def settle(draft: Draft) -> Settled:
    """A webhook desk as bots; a console desk is active at once and has no webhook."""
    if draft.id in draft.fields["fallback_desk_ids"]:
        raise invalid([("/fallback_desk_ids", "names the desk itself")])
    if draft.fields["kind"] == "webhook":
        if not draft.fields["webhook_url"]:
            raise invalid([("/webhook_url", "Field required")])
        return webhooks.settle(draft)
    wrong = [(f"/{name}", "is for desks of kind webhook") for name in sorted(draft.given - {*_OF_BOTH, "suspended"})]
    if wrong:
        raise invalid(wrong)
    body = {key: draft.fields[key] for key in _OF_BOTH if draft.fields[key] is not None}
    suspended = draft.fields["suspended"] if "suspended" in draft.given else None
    now = "" if draft.new else endpoints.get(draft.id).status
    if suspended is None:
        wanted = now or endpoints.ACTIVE
    else:
        wanted = endpoints.SUSPENDED if suspended else endpoints.ACTIVE
    return Settled(body, status=wanted if wanted != now else "")


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields and the status."""
    return {key: value for key, value in row.body.items() if key != "token_hash"} | {"status": shown.status}


KIND = Kind(
    name="desk", model=Desk, answer=DeskAnswer, refs={"fallback_desk_ids": "desk"}, secret=webhooks.SECRETS,
    fixed=frozenset({"service_id", "kind"}), settle=settle, show=show, webhook=True,
)  # fmt: skip
