"""Trying the rules over a message that nobody wrote: which one decides, and what each clause of each saw.

The rules are read as `converse` reads them, and nothing is kept or sent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, Json, Members, body, invalid
from chalicelib.api.http.formats import ChannelId, ServiceId, Time
from chalicelib.domain.deciding import conditions, explaining
from chalicelib.domain.deciding.routing import MESSAGE, Rule, now_in, unknown_contact
from chalicelib.domain.message import MAX_TEXT_BYTES, TYPES
from chalicelib.ports.clock import from_rfc3339, now_ms
from chalicelib.tables import config, service_config

_Word = Annotated[str, Field(max_length=1024)]


class TriedMessage(Fields):
    """What a customer might write."""

    text: Annotated[str, Field(max_length=MAX_TEXT_BYTES)] = ""
    type: Literal[TYPES] = "text"  # type: ignore[valid-type]
    channel_id: ChannelId | None = None
    """Where it comes in; none: on no channel, so no rule for some channels matches."""
    source: _Word | None = None
    """None: the channel's kind."""
    postback: _Word | None = None
    language: _Word | None = None
    event: _Word | None = None
    """Of type event: what happened, as `missed_call`."""


class TriedContact(Fields):
    """What is known of who writes."""

    id: _Word | None = None
    name: _Word | None = None
    phone: _Word | None = None
    email: _Word | None = None
    attributes: Members = {}
    tags: Annotated[list[_Word], Field(max_length=100)] = []


class TriedThread(Fields):
    """How the thread stands."""

    owner: Literal["bot", "desk"] | None = None
    first: bool = True
    last_message_age_s: Annotated[int, Field(ge=0)] | None = None


class RuleTrial(Fields):
    """A message to try the rules over."""

    service_id: ServiceId
    message: TriedMessage
    contact: TriedContact = TriedContact()
    thread: TriedThread = TriedThread()
    at: Time | None = None
    """When it comes in; none: now."""


class Clause(BaseModel):
    """A clause of a rule, and what it saw."""

    pointer: str
    """JSON pointer within the rule."""
    operator: str
    values: list[Json]
    result: Json


class TriedRule(BaseModel):
    """A rule, and why it matches or not."""

    id: str
    name: str
    matched: bool
    why: list[Clause]
    """Empty where it always matches."""


class TriedRules(BaseModel):
    """Which rule decides."""

    matched: str | None
    """The first that matches; null: nobody would get the message."""
    rules: list[TriedRule]
    """In their order, also those after the one that decides."""


def try_out(call: Call) -> Answer:
    """200 with the rule that would decide and why, and why the others would or would not."""
    wanted = body(call, RuleTrial)
    service = call.caller.need_service(wanted.service_id)
    snapshot = config.snapshot(service, config.version(service))
    if snapshot.own is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    rules = service_config.of(snapshot)
    channel = snapshot.resources.get(wanted.message.channel_id or "")
    if wanted.message.channel_id and (channel is None or channel.kind != "channel"):
        raise invalid([("/message/channel_id", f"there is no channel {wanted.message.channel_id} in the service")])
    kind = str(channel.body.get("kind")) if channel is not None else None
    facts = _facts(wanted, kind, rules.timezone)
    told = [_told(rule, snapshot.resources[rule.id].name, facts) for rule in rules.rules]
    decides = next((one["id"] for one in told if one["matched"]), None)
    return Answer(200, {"matched": decides, "rules": told})


def _facts(wanted: RuleTrial, kind: str | None, timezone: str) -> dict[str, Any]:
    message = wanted.message
    at = from_rfc3339(wanted.at) if wanted.at else now_ms()
    return {
        "message": {
            "type": message.type,
            "text": message.text,
            "source": message.source or kind,
            "postback": message.postback,
            "language": message.language,
            "event": message.event,
        },
        "contact": unknown_contact() | wanted.contact.model_dump(),
        "channel": {"id": message.channel_id, "kind": kind},
        "thread": wanted.thread.model_dump(),
        "event": {"type": MESSAGE},
        "now": now_in(timezone, at),
    }


def _told(rule: Rule, name: Any, facts: dict[str, Any]) -> dict[str, Any]:
    channel = facts["channel"]["id"]
    why: list[dict[str, Any]] = []
    if rule.channels:
        values = [channel, list(rule.channels)]
        why.append({"pointer": "/channel_ids", "operator": "in", "values": values, "result": rule.is_of(channel)})
    why += [
        {
            "pointer": f"/when{one.pointer}",
            "operator": one.operator,
            "values": list(one.values),
            "result": one.result,
        }
        for one in explaining.clauses(rule.when, facts)
    ]
    matched = rule.is_of(channel) and (rule.always or conditions.matches(rule.when, facts)[0])
    return {"id": rule.id, "name": str(name or rule.id), "matched": matched, "why": why}
