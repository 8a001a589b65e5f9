"""Events of triggers: what became of each, and asking by an API key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.formats import TRIGGER_EVENT, mail_address, named
from chalicelib.api.setup.resources import find
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound import asking, trigger
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, trigger_events
from chalicelib.tables.trigger_events import TriggerEvent


def _any_of(*names: str) -> list[Any]:
    return [{"required": [name]} for name in names]


_NO_WORD = {"not": {"type": ["string", "null"]}}
_OF_OTHERS: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "not": {"anyOf": _any_of("name", "email", "phone")},
}


def _member(name: str, schema: dict[str, Any]) -> Any:
    return {"type": "object", "required": [name], "properties": {name: schema}}


class Asker(BaseModel):
    """Whom a trigger's event is about: at least one of these is named."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"maxProperties": 0}, *_any_of("name", "email", "phone")]})

    name: Annotated[str, Field(max_length=200), Field(json_schema_extra={"pattern": "^[^\ufffd]*$"})] | None = None
    email: Annotated[str, mail_address(320)] | None = None
    phone: Annotated[str, Field(max_length=60), named("phone")] | None = None


class Asked(BaseModel):
    """What a bot is asked, by whom. Further members are handed on to it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _any_of("text", "session", "contact")})

    text: Annotated[str, Field(max_length=MAX_TEXT_BYTES)] | None = None
    """Where the trigger has no default text."""
    session: Annotated[str, Field(max_length=trigger.MAX_SESSION)] | None = None
    contact: Asker | None = None


class Payload(RootModel[Any]):
    """JSON of any other form: what is not shaped as ours is another system's, whatever its members are called."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"not": {"type": "object"}},
                {"not": {"anyOf": _any_of("text", "session", "contact")}},
                _member("text", _NO_WORD),
                _member("session", _NO_WORD),
                _member("contact", {"not": {"type": ["object", "null"]}}),
                _member("contact", _OF_OTHERS),
                *(_member("contact", _member(name, _NO_WORD)) for name in ("name", "email", "phone")),
            ]
        }
    )


class TriggerAsk(RootModel[Asked | Payload]):
    """What a trigger is invoked with."""


class TriggerAsked(BaseModel):
    """An event that was accepted."""

    id: str
    status: Literal["accepted"]
    session: str
    conversation_id: str | None = None
    """Where neither a session nor a contact was given."""


class EventAnswer(BaseModel):
    """What became of a trigger's event."""

    id: str
    trigger_id: str
    status: Literal["accepted", "running", "succeeded", "failed"]
    session: str | None
    conversation_id: str | None
    contact_id: str | None
    reply: str | None
    error: dict[str, Any] | None
    attempts: int
    accepted_at: str
    finished_at: str | None


def listing(call: Call) -> Answer:
    """A trigger's events, the newest first; kept for 90 days."""
    _, row = find(call)
    limit, of = cursors.limit_of(call), f"trigger events {row.id}"
    place = cursors.place_of(call, of=of)

    def rows(most: int) -> list[TriggerEvent]:
        return trigger_events.newest(row.id, before=place, limit=most)

    return Answer(200, cursors.page(rows, limit=limit, of=of, place=lambda one: str(one.id), show=view))


def one(call: Call) -> Answer:
    """The event of a trigger: its status, and the bot's reply or what went wrong."""
    _, row = find(call)
    event = call.names["event_id"]
    found = trigger_events.get(row.id, event) if TRIGGER_EVENT.fits(event) else None
    if found is None:
        raise Problem(404, "not_found", f"the trigger has no event {event[:60]!r}")
    return Answer(200, view(found))


def invoke(call: Call) -> Answer:
    """202 for an event with the default text, as for one that is posted; the body may say session, contact and, where
    there is no default, text."""
    _, row = find(call)
    service = config.get("service", str(row.service))
    country = str((service.body or {}).get("country") or "") if service else ""
    ask = trigger.read(call.raw, call.query, default_text=row.body.get("text") or "", country=country)
    key = call.headers.get("idempotency-key")
    posted = f"{sorted(call.query.items())} {call.raw.decode('utf-8', 'replace')}"
    return Answer(202, asking.accept(asking.usable(row), ask, key=key, by=call.caller.id, posted=posted))


def view(row: TriggerEvent) -> dict[str, Any]:
    """As it is answered."""
    return {
        "id": str(row.id),
        "trigger_id": str(row.trigger),
        "status": row.status,
        "session": row.session,
        "conversation_id": row.conversation,
        "contact_id": row.contact,
        "reply": row.reply,
        "error": row.error,
        "attempts": int(row.attempts or 0),
        "accepted_at": rfc3339(int(row.accepted_at)),
        "finished_at": rfc3339(int(row.finished_at)) if row.finished_at else None,
    }
