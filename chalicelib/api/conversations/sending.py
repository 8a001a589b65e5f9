"""The business speaks first: a message to a contact or to an address, without anybody having asked.

What can be told beforehand is refused at once: an address that there is none of, a template that is needed, a consent
that says no. The rest is an event of its thread, as everything is, on the queue of what may wait while people talk. Its
id comes from the caller's Idempotency-Key where there is one: repeated after a cut, nothing is said twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.api.conversations.sayable import Said, read_content
from chalicelib.api.http import fields
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, Members, invalid, small
from chalicelib.api.http.formats import CONTACT, RESOURCES, ServiceId, named
from chalicelib.api.http.takes import Takes
from chalicelib.channels import limits
from chalicelib.domain import group
from chalicelib.domain.consent import OPTED_OUT, TRANSACTIONAL, reason, refusal
from chalicelib.domain.deciding.notifications import conversation_of
from chalicelib.domain.event import NOTIFICATION, Event
from chalicelib.domain.message import Author, Content
from chalicelib.domain.thread import Thread, message_id
from chalicelib.inbound import reaching
from chalicelib.inbound.reaching import MOST_ADDRESS, Reached
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, contacts, kept_channels

QUEUE = "bulk-threads.fifo"
MOST_METADATA = 4096
_Id = Annotated[str, Field(min_length=1, max_length=60)]
_HOUR_S = 3600


def _one_way(schema: dict[str, Any]) -> None:
    null = {"type": "null"}
    has = {name: next(one for one in of["anyOf"] if one != null) for name, of in schema["properties"].items()}
    for name, of in has.items():
        of |= {"format": schema["properties"][name]["format"]} if "format" in schema["properties"][name] else {}
    schema["anyOf"] = [
        {"required": ["contact_id"], "properties": {"contact_id": has["contact_id"], "address": null}},
        {
            "required": ["channel_id", "address"],
            "properties": {"channel_id": has["channel_id"], "address": has["address"], "contact_id": null},
        },
    ]


class To(Fields):
    """Whom: a contact, where they were last heard of or on the channel that is named; or an address on a channel."""

    model_config = ConfigDict(json_schema_extra=_one_way)

    contact_id: Annotated[_Id, named("contact-id")] | None = None
    channel_id: Annotated[_Id, named("channel-id")] | None = None
    address: Annotated[str, Field(max_length=MOST_ADDRESS, pattern=r"\S")] | None = None


Purpose = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]


class FirstWord(Said):
    """A message that nobody has asked for."""

    service_id: ServiceId
    to: To
    purpose: Purpose | None = None
    """What it is sent for, by which its contact's consent is asked: `transactional` (where nothing is said) and
    `notification` serve who is written to; every other word is marketing, too."""
    metadata: Annotated[Members, AfterValidator(lambda value: small(value, most=MOST_METADATA))] | None = None
    """Kept in the message's `metadata`; 4 KB of JSON."""


class FirstWordTaken(Fields):
    """Where the message will stand."""

    message_id: str
    conversation_id: str
    thread_id: str
    channel_id: str
    warnings: list[dict[str, str]] = []


class Way(Fields):
    """To whom a message would be, and what for."""

    service_id: ServiceId
    to: To
    purpose: Purpose | None = None


class WayFound(Fields):
    """Where it would go, and what would stop it."""

    channel_id: str
    channel_kind: str
    address: str
    thread_id: str
    contact_id: str | None
    """Null: of nobody who is known."""
    needs_template: bool
    consent: str | None
    """Under which name the contact's consent says no; null: it does not."""
    takes: Takes


def try_out(call: Call) -> Answer:
    """Where a message to a contact or an address would go, and whether a template is needed or their consent says no.
    Nothing is sent or kept."""
    wanted = fields.body(call, Way)
    found = whom(call, wanted.service_id, wanted.to)
    return Answer(
        200,
        {
            "channel_id": found.channel.id,
            "channel_kind": found.kind,
            "address": group.providers_own(found.address),
            "thread_id": found.thread_id,
            "contact_id": found.contact or None,
            "needs_template": bool(closed_after(call, found)),
            "consent": refusal(found.consent, wanted.purpose or TRANSACTIONAL, found.channel.id) or None,
            "takes": limits.shown(found.kind),
        },
    )


def create(call: Call) -> Answer:
    """202: the message is on its way. 404 for an unknown contact or channel, 422 `no_address`, `needs_template`, 409
    `opted_out`."""
    given = fields.read(call)
    if isinstance(given, dict) and "ladder" in given:
        if given["ladder"]:
            why = "is not taken yet: send on one channel"
            raise Problem(422, "not_yet", f"/ladder: {why}", errors=[("/ladder", why)])
        given = {name: value for name, value in given.items() if name != "ladder"}
    wanted = fields.parse(FirstWord, given)
    content, warnings = read_content(wanted)
    reached = whom(call, wanted.service_id, wanted.to)
    _refuse(call, wanted, content, reached)
    event = _event(call, wanted, content, reached)
    queues.send(QUEUE, [Entry(event.plain(), group=event.thread, dedup=event.id)])
    thread = reached.thread or Thread(event.thread, event.service, event.channel, event.channel_kind, event.address)
    shown = {
        "message_id": event.body["message_id"],
        "conversation_id": conversation_of(thread),
        "thread_id": event.thread,
        "channel_id": event.channel,
    }
    return Answer(202, shown | ({"warnings": warnings} if warnings else {}))


def whom(call: Call, service: str, to: To) -> Reached:
    """Whom and where `to` means; Problem 403, 404 or 422."""
    call.caller.need_service(service)
    about = config.get("service", service)
    if about is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    channel = None
    if to.channel_id is not None:
        channel = kept_channels.get(to.channel_id) if RESOURCES["channel"].fits(to.channel_id) else None
        if channel is None or channel.service != service:
            raise _no("channel", to.channel_id, "/to/channel_id")
    if to.contact_id is not None:
        if to.address is not None:
            raise invalid([("/to/address", "does not go with contact_id")])
        row = contacts.resolve(to.contact_id) if CONTACT.fits(to.contact_id) else None
        if row is None or row.service != service:
            raise _no("contact", to.contact_id, "/to/contact_id")
        return reaching.of_contact(row, channel=channel.id if channel else "")
    if channel is None or to.address is None:
        raise invalid([("/to", "either contact_id, or channel_id and address")])
    return reaching.of_address(channel, to.address, country=str((about.body or {}).get("country") or ""))


def _no(what: str, given: str, at: str) -> Problem:
    return Problem(404, "not_found", f"there is no {what} {given[:60]!r} in this service", errors=[(at, "unknown")])


def _refuse(call: Call, wanted: FirstWord, content: Content, reached: Reached) -> None:
    """Problem where the channel cannot show it, its contact does not want it, or only a template may be sent."""
    at = "/content" if wanted.content is not None else ""
    if wrong := [(f"{at}/{name}", why) for name, why in limits.never_shown(content, reached.kind)]:
        raise Problem(422, "wrong_fields", "; ".join(f"{path}: {why}" for path, why in wrong[:5]), errors=wrong)
    about: dict[str, Any] = {"channel_id": reached.channel.id, "contact_id": reached.contact or None}
    if refused := refusal(reached.consent, wanted.purpose or TRANSACTIONAL, reached.channel.id):
        raise Problem(409, OPTED_OUT, reason(refused), consent=refused, **about)
    if content.type != "template" and (length := closed_after(call, reached)):
        why = f"only a template may be sent later than {length // _HOUR_S} hours after the customer's last word"
        errors = [("/template", "is needed")]
        raise Problem(422, "needs_template", why, errors=errors, **about)


def closed_after(call: Call, reached: Reached) -> int:
    """How many seconds after the customer's last word the channel takes templates alone, where that has passed; else 0.
    People may have longer than programs."""
    settings = (reached.channel.body or {}).get("settings") or {}
    length = limits.window_s(reached.kind, settings) if call.caller.is_person else limits.of(reached.kind).window_s
    heard_at = reached.thread.heard_at if reached.thread else 0
    return length if length and clock.now_ms() > heard_at + length * 1000 else 0


def _event(call: Call, wanted: FirstWord, content: Content, reached: Reached) -> Event:
    key = call.headers.get("idempotency-key") or ""
    id = ids.from_cause("ev", "key", call.caller.id, "messages", key, call.raw.hex()) if key else ids.new("ev")
    thread = reached.thread_id
    more: dict[str, Any] = {"metadata": wanted.metadata} if wanted.metadata else {}
    more |= {"purpose": wanted.purpose} if wanted.purpose else {}
    body = {
        "content": replace(content, details=content.details | more).plain(),
        "message_id": message_id(thread, id),
        "author": Author("agent" if call.caller.is_person else "event", **call.caller.who).plain(),
        "purpose": wanted.purpose or "",
        "identities": [list(one) for one in reached.identities],
        # Who has the address, as its thread knows them: where that is somebody else by the time this is handled, it is
        # not for them.
        "contact": {"id": known} if (known := reached.known_as) else {},
    }
    return Event(
        id=id,
        kind=NOTIFICATION,
        service=wanted.service_id,
        channel=reached.channel.id,
        channel_kind=reached.kind,
        address=reached.address,
        thread=thread,
        at=clock.now_ms(),
        body={name: value for name, value in body.items() if value},
        # The caller may repeat it under its key.
        once=bool(key),
        trace=ids.new("tc"),
    )
