"""Merging contacts, taking it back, and saying that two are two."""

from __future__ import annotations

from typing import Annotated, Any

from chalicelib.api.contacts.contacts import find, no_contact, told, view
from chalicelib.api.contacts.fields import ContactAnswer
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import ContactId, named
from chalicelib.api.http.services import meanwhile
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, contacts, merging, suggestions


class MergeFrom(Fields):
    """Who is merged into the contact."""

    from_: ContactId

    model_config = Fields.model_config | {"alias_generator": lambda name: name.rstrip("_")}


class Unmerge(Fields):
    """Which merge is taken back."""

    merge_id: Annotated[str, named("merge-id")]


class Dismissed(Fields):
    """Who is not the same person."""

    contact_id: ContactId


class MergeEntry(Fields):
    """A merge into a contact."""

    merge_id: str
    from_id: str
    at: str
    by: str
    undone_at: str | None
    undone_by: str | None


class MergedAnswer(ContactAnswer):
    """The contact, and how to take the merge back."""

    merge_id: str


class UnmergedAnswer(ContactAnswer):
    """The contact, and who is on its own again."""

    restored: str


class Merges(Fields):
    """Merges into a contact, the newest first."""

    data: list[MergeEntry]


def merge(call: Call) -> Answer:
    """The contact, with another merged into it, and the `merge_id` by which that is taken back."""
    given = body(call, MergeFrom)
    row = find(call)
    call.caller.need_service(config.service_of(given.from_))
    try:
        id, row = merging.merge(str(row.id), given.from_, by=call.caller.id, now_ms=now_ms())
    except merging.CannotMerge as refused:
        if refused.code == "not_found":
            raise invalid([("/from", "there is no such contact")]) from None
        if refused.code == "other_service":
            raise invalid([("/from", "belongs to another service")]) from None
        raise _conflict(refused) from None
    except contacts.ContactBusy:
        raise meanwhile() from None
    told(call, row, "merged", {"from": given.from_, "merge_id": id})
    return Answer(200, {"merge_id": id} | view(row))


def unmerge(call: Call) -> Answer:
    """The contact without what was merged into it; `restored` is the id of the contact that is on its own again.
    Problem 409 `merged_further` while the contact, or the one that the merge went into, is itself merged."""
    given = body(call, Unmerge)
    find(call)
    try:
        row, free = merging.unmerge(call.id, given.merge_id, by=call.caller.id, now_ms=now_ms())
    except merging.CannotMerge as refused:
        if refused.code == "not_found":
            raise Problem(404, "not_found", f"there is no merge {given.merge_id[:60]!r} into this contact") from None
        raise _conflict(refused) from None
    except contacts.ContactBusy:
        raise meanwhile() from None
    told(call, row, "unmerged", {"restored": str(free.id), "merge_id": given.merge_id})
    return Answer(200, {"restored": str(free.id)} | view(row))


def dismiss(call: Call) -> Answer:
    """The contact without the suggestion that another is the same person; for the same kinds of identity it is not made
    again. Where there is none, nothing changes. Problem 409 `already_merged` where the two are one."""
    given = body(call, Dismissed)
    row = find(call)
    call.caller.need_service(config.service_of(given.contact_id))
    other = contacts.resolve(given.contact_id)
    if other is None:
        raise invalid([("/contact_id", "there is no such contact")])
    if other.service != row.service:
        raise invalid([("/contact_id", "belongs to another service")])
    try:
        changed, was = suggestions.dismiss(call.id, given.contact_id, now_ms=now_ms())
    except contacts.ContactBusy:
        raise meanwhile() from None
    if changed is None:
        raise Problem(409, "already_merged", "they are one contact", contact_id=str(row.id))
    if was:
        told(call, changed, "dismissed", {"contact_id": str(other.id)})
    return Answer(200, view(changed))


def merges(call: Call) -> Answer:
    """`{"data"}`: the merges into this very contact, the newest first, also those that were taken back."""
    find(call)
    if contacts.get(call.id) is None:
        raise no_contact(call.id)
    return Answer(200, {"data": [_entry(merging.view(row)) for row in reversed(merging.all_into(call.id))]})


def _entry(merge: dict[str, Any]) -> dict[str, Any]:
    return {
        "merge_id": merge["merge_id"],
        "from_id": merge["from"],
        "at": rfc3339(int(merge["at"])),
        "by": merge["by"],
        "undone_at": rfc3339(int(merge["undone_at"])) if "undone_at" in merge else None,
        "undone_by": merge.get("undone_by"),
    }


def _conflict(refused: merging.CannotMerge) -> Problem:
    return Problem(409, refused.code, refused.why, contact_id=refused.contact or None)
