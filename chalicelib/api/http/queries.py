"""What may stand in the query of each function: the description and what is refused come from the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.http import formats
from chalicelib.api.http.cursors import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.routes import SETUP
from chalicelib.domain.message import TYPES
from chalicelib.tables import deliveries

Schema = dict[str, Any]
DESTINATIONS = {"bot_id": "bt", "desk_id": "dk", "subscription_id": "sb", "channel_id": "ch", "trigger_id": "tr"}
WHOSE = (*DESTINATIONS, "conversation_id", "message_id", "service_id")
"""By which one of these deliveries are listed."""
STATUSES = (
    deliveries.PENDING,
    deliveries.WAITING,
    deliveries.DELIVERED,
    deliveries.FAILED,
    deliveries.EXPIRED,
    deliveries.POISON,
    deliveries.UNKNOWN,
)
MESSAGE_FILTERS = ("conversation_id", "source", "contact_id")
MOST_EXPORTED = 200


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a query; all of them may be left out, and an empty one that is no number counts as left out."""

    named: Mapping[str, Schema] = field(default_factory=dict)
    """Name -> schema."""
    one_of: Mapping[str, Schema] = field(default_factory=dict)
    """Of these exactly one is needed."""
    with_service: Mapping[str, Schema] = field(default_factory=dict)
    """These need `service_id` beside them, where the key sees more than one service."""

    def wrong(self, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """(JSON pointer, message) of what is wrong with a query, but for how its parts go together."""
        schemas = {**self.named, **self.one_of, **self.with_service}
        found = ((name, _wrong(schema, given[name])) for name, schema in schemas.items() if name in given)
        return [(f"/{name}", why) for name, why in found if why]


def _form(form: formats.Form) -> Schema:
    return {"type": "string", "format": form.name, "pattern": f"^({form.pattern})?$"}


def _text(format: str = "", **more: Any) -> Schema:
    return {"type": "string"} | ({"format": format} if format else {}) | more


def _or_none(format: str, **more: Any) -> Schema:
    return {"type": "string", "anyOf": [{"format": format}, {"const": ""}], **more}


def _time(**more: Any) -> Schema:
    return {"type": "string", "anyOf": [{"format": "date-time"}, {"const": ""}], "maxLength": 40, **more}


def _number(most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


def _words(**items: Any) -> Schema:
    """A list with commas."""
    return {"type": "array", "items": {"type": "string", **items}}


FLAG: Schema = {"type": "boolean", "default": False}
CURSOR = {"cursor": _or_none("cursor", description="`next_cursor` of the page before.")}
PAGED = {"limit": _number(MAX_LIMIT, DEFAULT_LIMIT), **CURSOR}
OF_SERVICE = {"service_id": _form(formats.SERVICE_OR_SYSTEM)}
_ASKED: dict[str, Schema] = {
    "session": _text(maxLength=200),
    "contact.name": _text(maxLength=200, pattern="^[^\ufffd]*$"),
    "contact.email": _or_none("email", maxLength=320),
    "contact.phone": _or_none("phone", maxLength=60),
}
QUERIES: dict[str, Query] = {
    "api.setup.lists:listing": Query(OF_SERVICE | PAGED),
    "api.setup.resources:remove": Query(
        {"cascade": FLAG | {"description": "Of a service: with all that belongs to it."}}
    ),
    "api.setup.apply:apply": Query({"dry_run": FLAG | {"description": "Says what would change, and changes nothing."}}),
    "api.setup.export:export": Query(OF_SERVICE),
    "api.setup.together:together": Query(OF_SERVICE | {"kinds": _words(enum=["", *SETUP])}),
    "api.conversations.trigger_events:invoke": Query(_ASKED),
    "api.conversations.trigger_events:listing": Query(PAGED),
    "steps.receive_trigger:run": Query(_ASKED),
    "api.contacts.contacts:listing": Query(
        OF_SERVICE | PAGED,
        with_service={
            "q": _text(maxLength=200, description="Words of a name, or how they begin: two letters of one at least."),
            "email": _text("email", minLength=1),
            "phone": _text("phone", minLength=1),
            "external_id": _text("external-id", minLength=1),
        },
    ),
    "api.contacts.files:load": Query(OF_SERVICE | {"from_row": _number(10**8, 1)}),
    "api.contacts.files:dump": Query(OF_SERVICE | {"limit": _number(MOST_EXPORTED, MOST_EXPORTED), **CURSOR}),
    "api.conversations.conversations:listing": Query(
        OF_SERVICE
        | {
            "contact_id": _text("contact-id"),
            "state": _text(enum=["", "open", "offered", "accepted", "held", "closed"]),
            "owner": _text(enum=["", "bot", "desk", "nobody"]),
            "desk_id": _or_none("desk-id"),
            "agent": _text(maxLength=200, description="Id of who has it."),
            "outcome": _text(maxLength=200),
            "channel_id": _or_none("channel-id"),
            "from": _or_none("date-time", description="Opened at this time or later."),
            "to": _or_none("date-time", description="Opened at this time or before."),
        }
        | PAGED
    ),
    "api.deliveries.attempts:listing": Query(PAGED),
    "api.conversations.templates:listing": Query({"search": _text(maxLength=200)} | PAGED),
    "api.conversations.inbox:listing": Query(
        OF_SERVICE
        | {"desk_id": _text("desk-id"), "list": _text(enum=["queue", "mine", "all", "snoozed", "mentions"])}
        | PAGED
    ),
    "api.deliveries.lanes:listing": Query(PAGED),
    "api.contacts.consents:listing": Query(PAGED),
    "api.deliveries.replays:listing": Query(OF_SERVICE | {"destination_id": _or_none("destination-id")} | PAGED),
    "api.deliveries.lanes:health": Query({"from": _time(description="Earlier failures since then; else thirty days.")}),
    "api.deliveries.attention:listing": Query(OF_SERVICE),
    "api.setup.rule_versions:listing": Query(PAGED, one_of=OF_SERVICE),
    "api.setup.rule_versions:one": Query(one_of=OF_SERVICE),
    "api.figures.figures:listing": Query(
        OF_SERVICE
        | {
            "from": _time(description="Without it a day before `to`, by days thirty."),
            "to": _time(description="Without it now."),
            "step": _text(enum=["15m", "1h", "1d"], default="15m"),
        }
    ),
    "api.setup.audit:listing": Query(OF_SERVICE | PAGED),
    "api.setup.audit:one": Query(OF_SERVICE),
    "api.deliveries.failures:listing": Query(PAGED),
    "api.conversations.messages:listing": Query(
        OF_SERVICE | PAGED,
        one_of={
            name: _text(name.replace("_", "-") if name.endswith("_id") else "", minLength=1) for name in MESSAGE_FILTERS
        },
    ),
    "api.conversations.recent:recent": Query({"conversations": _or_none("cursor")}),
    "api.conversations.timeline:listing": Query({"sources": _words(), "types": _words(enum=["", *TYPES])} | PAGED),
    "api.deliveries.deliveries:listing": Query(
        {"status": _text(enum=[*STATUSES])} | PAGED,
        one_of={name: _text(name.replace("_", "-"), minLength=1) for name in WHOSE},
    ),
}
"""Function -> its query, where it has one."""


def refuse(function: str, given: Mapping[str, str]) -> None:
    """Problem 422 that names every parameter of a function's query that is wrong."""
    if wrong := QUERIES.get(function, Query()).wrong(given):
        raise invalid(wrong)


def _wrong(schema: Schema, text: str) -> str:
    """Why a text is not what a schema says; empty where it is."""
    kind = schema["type"]
    if kind == "integer":
        least, most = schema["minimum"], schema["maximum"]
        whole = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        return "" if whole and least <= int(text) <= most else f"must be a number from {least} to {most}"
    if not text:
        return "must not be empty" if schema.get("minLength") else ""
    if kind == "boolean":
        return "" if text.lower() in ("true", "false", "1", "0") else "must be true or false"
    words = [word.strip() for word in text.split(",")] if kind == "array" else [text]
    known = schema.get("items", schema).get("enum", words)
    if unknown := [word for word in words if word and word not in known]:
        return f"{unknown[0][:60]!r} is none of {', '.join(known)}"
    if len(text) > schema.get("maxLength", len(text)):
        return f"must have at most {schema['maxLength']} characters"
    if not re.search(schema.get("pattern", ""), text):
        return f"is no {schema['format'].replace('-', ' ')}" if "format" in schema else "holds a sign that it may not"
    return ""
