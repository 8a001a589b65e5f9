"""Erasing a person, and the proof of it."""

from __future__ import annotations

from typing import Any

from chalicelib.api.contacts.contacts import find, no_contact, told
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields
from chalicelib.api.http.formats import CONTACT
from chalicelib.api.http.services import meanwhile
from chalicelib.ports import queues
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import config, erasing
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.writes import rounds

_TRIES = 6


class Left(Fields):
    """What is not erased."""

    what: str
    why: str


class Erasure(Fields):
    """How far an erasure has come, and what it erased."""

    id: str
    status: str
    """running or done."""
    requested_at: str
    done_at: str | None
    swept_at: str | None
    """When it was looked through once more, for what was under way."""
    erased: dict[str, int]
    """Number of rows and files by what they were."""
    contact_ids: list[str]
    thread_ids: list[str]
    conversation_ids: list[str]
    left: list[Left]


def remove(call: Call) -> Answer:
    """202: the contact, and whoever was merged into it, is unknown from now on; everything of theirs goes. Asking again
    says how far it has come."""
    row = _erasure(call)
    if row is None:
        row = _begin(call)
    if row.data["phase"] != "over":
        queues.send("erasures", [queues.Entry({"contact": str(row.id), "pass": row.data["pass"]})])
    return Answer(202, _view(row))


def one(call: Call) -> Answer:
    """The proof of an erasure; Problem 404 where the contact is not being erased."""
    row = _erasure(call)
    if row is None:
        raise no_contact(call.id)
    return Answer(200, _view(row))


def _erasure(call: Call) -> ContactRow | None:
    if not CONTACT.fits(call.id):
        raise no_contact(call.id)
    call.caller.need_service(config.service_of(call.id))
    return erasing.find(call.id)


def _begin(call: Call) -> ContactRow:
    for _ in rounds(_TRIES):
        contact = find(call)
        if erasing.begin(contact, by=call.caller.id, now_ms=now_ms()):
            told(call, contact, "erased", {"merged_ids": list(contact.absorbed or ())})
            break
    row = erasing.find(call.id)
    if row is None:
        raise meanwhile()
    return row


def _view(row: ContactRow) -> dict[str, Any]:
    state = dict(row.data)
    at = {name: rfc3339(int(state[name])) if name in state else None for name in ("done_at", "swept_at")}
    return {
        "id": str(row.id),
        "status": state["status"],
        "requested_at": rfc3339(int(state["requested_at"])),
        **at,
        "erased": dict(state["counts"]),
        "contact_ids": list(state["people"]),
        "thread_ids": list(state.get("erased_threads", ())),
        "conversation_ids": list(state["conversations"]),
        "left": [dict(one) for one in erasing.LEFT],
    }
