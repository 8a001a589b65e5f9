"""What an adapter read of a provider's call, as events of threads: their ids come from what caused them, so that the
same call again is the same events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.channels.events import Changed, Consent, Group, Happened, Moved, Said
from chalicelib.domain import group
from chalicelib.domain.event import (
    CUSTOMER_CHANGED,
    CUSTOMER_CONSENT,
    CUSTOMER_HAPPENED,
    CUSTOMER_MESSAGE,
    CUSTOMER_MOVED,
    Event,
)
from chalicelib.domain.message import Content
from chalicelib.domain.thread import message_id, thread_id
from chalicelib.inbound import said as said_by
from chalicelib.ports import clock, ids
from chalicelib.tables.config import Resource

_MOST_REPLY = 1024
"""Bytes of JSON of what a provider wants with an answer: each message of the thread is kept with it. What is longer is
dropped, as adapters have to do without it anyhow once it has ended."""
Told = Said | Changed | Moved | Consent | Happened
"""What a user or the provider says of a thread."""


def event_of(told: Told, row: Resource, trace: str) -> Event:
    """The event of what was told on the channel `row`; never later than now. ValueError where a person's address begins
    as a group's: it is nobody's that anybody can have."""
    address = told.address
    if group.is_group(address) or (isinstance(told, Moved) and group.is_group(told.to)):
        raise ValueError("an address that begins as a group's")
    if isinstance(told, Said | Moved) and told.group:
        address = group.address_of(address)
    thread = thread_id(row.id, address)
    match told:
        case Said():
            kind, id, once, body = _said(told, thread)
        case Changed():
            kind, id, once, body = _changed(told, thread)
        case Moved():
            kind, id, once, body = _moved(told, thread)
        case Consent():
            kind, id, once, body = _consent(told, thread)
        case Happened():
            kind, id, once, body = _happened(told, thread)
    return Event(
        id=id,
        kind=kind,
        service=str(row.service),
        channel=row.id,
        channel_kind=str(row.body["kind"]),
        address=address,
        thread=thread,
        at=min(told.at_ms, clock.now_ms()),
        body=body,
        once=once,
        trace=trace,
    )


_Read = tuple[str, str, bool, dict[str, Any]]
"""Kind, id, whether it may come again for days, and body of an event."""


def _said(said: Said, thread: str) -> _Read:
    # Without an id of the provider's the call itself is the cause: it cannot be told from a repeat of it.
    id = said_by.event_id(thread, said.provider_id or ids.new("call"))
    body: dict[str, Any] = {
        "content": said.content.plain(),
        "name": _name(said.name),
        "provider_id": said.provider_id,
        "identities": _pairs(said.identities),
        "message_id": message_id(thread, id),
    } | ({"echo": True} if said.echo else {})
    if said.automatic:
        body["automatic"] = True
    if said.echo and said.perhaps_ours and said.provider_id:
        body["perhaps_ours"] = True
    if said.reply and len(json.dumps(dict(said.reply)).encode()) <= _MOST_REPLY:
        body["handle"] = {"with": dict(said.reply), "until": said.reply_until_ms}
    if said.group:
        body |= _in_group(said, said.group)
    return CUSTOMER_MESSAGE, id, said.repeatable and bool(said.provider_id), body


def _in_group(said: Said, to: Group) -> dict[str, Any]:
    """What is other where something is said in a group: whose thread it is, and who speaks. Nothing of it is a private
    contact's."""
    named = {"id": said.address, "name": _name(to.name)}
    details = said.content.details | {"group": {key: value for key, value in named.items() if value}}
    return {
        "content": replace(said.content, details=details).plain(),
        "name": named["name"],
        "identities": [],
        "speaker": {"id": to.speaker, "name": _name(to.speaker_name)},
    }


def _changed(changed: Changed, thread: str) -> _Read:
    cause = (changed.provider_id,) if changed.provider_id else (changed.kind, changed.about, changed.text)
    body: dict[str, Any] = {
        "change": changed.kind,
        "about": changed.about,
        "message": said_by.message_of(thread, changed.about),
        "text": changed.text,
    } | ({"echo": True} if changed.echo else {})
    return CUSTOMER_CHANGED, ids.from_cause("ev", "changed", thread, *cause), True, body


def _moved(moved: Moved, thread: str) -> _Read:
    to = group.address_of(moved.to) if moved.group else moved.to
    body = {"to": to, "identities": _pairs(moved.identities), "gone": _pairs(moved.gone)}
    id = ids.from_cause("ev", "moved", thread, to, moved.provider_id or str(moved.at_ms))
    return CUSTOMER_MOVED, id, True, body


def _consent(consent: Consent, thread: str) -> _Read:
    body = {
        "given": consent.given,
        "scope": consent.scope,
        "why": consent.why,
        "identities": _pairs(consent.identities),
    }
    cause = consent.provider_id or f"{consent.scope} {consent.given} {consent.at_ms}"
    return CUSTOMER_CONSENT, ids.from_cause("ev", "consent", thread, cause), True, body


def _happened(happened: Happened, thread: str) -> _Read:
    content = Content("event", happened.text, details={**happened.details, "name": happened.what})
    body = {
        "content": content.plain(),
        "name": _name(happened.name),
        "provider_id": happened.provider_id,
        "identities": _pairs(happened.identities),
    } | {name: True for name in ("ends", "automatic") if getattr(happened, name)}
    same = json.dumps([happened.what, happened.at_ms, content.plain()], sort_keys=True)
    id = ids.from_cause("ev", "happened", thread, happened.provider_id or same)
    return CUSTOMER_HAPPENED, id, True, body


def _pairs(identities: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [list(identity) for identity in identities]


def _name(name: str) -> str:
    # A provider cannot be told to say it again, and a name with a letter less is better than one with a sign in it.
    return name.replace("\ufffd", "").strip()
