"""Sources: systems that post their events, and the mappings that read them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib import channels
from chalicelib.api.http.fields import Fields, Name, invalid
from chalicelib.api.http.formats import ServiceId, Slug, named
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.domain import bearer
from chalicelib.inbound import mapped
from chalicelib.sources import expressions
from chalicelib.tables.config import Resource

Expression = Annotated[str, Field(min_length=1, max_length=expressions.MOST_CHARACTERS), named("jsonata")]
"""JSONata over the event."""
RESERVED = frozenset({*channels.KINDS, "api"})
"""Sources of messages that are no system's."""


class ContactMapping(Fields):
    """Whose event it is: who has one of these identities is found, or made."""

    email: Expression | None = None
    phone: Expression | None = None
    external_id: Expression | None = None
    """The person's id in that system."""
    name: Expression | None = None


class Mapping(Fields):
    """From an event to a message."""

    id: Expression
    """The event's own: the same one again is kept once."""
    sent_at: Expression | None = None
    """RFC 3339, or seconds or milliseconds since 1970; when it came where there is none."""
    text: Expression
    type: Expression | None = None
    contact: ContactMapping | None = None
    conversation: Expression | None = None
    """What keeps events of one person apart, as the number of an order."""


class Source(Fields):
    """A system that posts events."""

    service_id: ServiceId
    key: Annotated[Slug, Field(json_schema_extra={"not": {"enum": sorted(RESERVED)}})]
    """What its messages have as their `source`; cannot be changed, and is no other's in the service."""
    name: Name
    system: Slug | None = None
    """What external ids are unique in, for sources of one system to share; else the key."""
    mapping: Mapping


class SourceAnswer(Source):
    """A source, as it stands."""

    id: str
    events_url: str
    """Where the system posts its events."""
    secret: str | None = None
    """Bearer secret for that address: shown once."""
    created_at: str
    updated_at: str


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """A mapping without the expressions that are not there."""
    named = {name: value for name, value in fields.items() if value is not None and name != "contact"}
    contact = {name: value for name, value in (fields.get("contact") or {}).items() if value is not None}
    return named | ({"contact": contact} if contact else {})


def settle(draft: Draft) -> Settled:
    """The source, its expressions checked; a new one gets its secret."""
    body = {name: value for name, value in draft.fields.items() if value is not None}
    body["mapping"] = given(body["mapping"])
    wrong = [(f"/mapping{path}", why) for path, why in mapped.problems(body["mapping"])]
    if body["key"] in RESERVED:
        wrong.insert(0, ("/key", "is the source of messages that no system posts"))
    if wrong:
        raise invalid(wrong)
    if not draft.new:
        return Settled(body | {bearer.FIELD: draft.body[bearer.FIELD]})
    secret, kept = bearer.make(bearer.PREFIXES["source"])
    return Settled(body | {bearer.FIELD: kept}, once={"secret": secret})


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields, and where the system posts."""
    fields = {name: value for name, value in row.body.items() if name != bearer.FIELD}
    return {"system": row.body["key"]} | fields | {"events_url": f"{shown.base_url}/v1/sources/{row.id}/events"}


KIND = Kind(
    name="source", model=Source, answer=SourceAnswer, fixed=frozenset({"service_id", "key"}), unique="key",
    settle=settle, show=show,
)  # fmt: skip
