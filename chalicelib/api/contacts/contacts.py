"""Contacts: persons with their identities, attributes, tags and consent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.contacts import finding
from chalicelib.api.contacts.fields import Contact, ContactChange, changed, identities_given, wrong_consent
from chalicelib.api.http import across, cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import body, invalid
from chalicelib.api.http.formats import CONTACT
from chalicelib.api.http.services import meanwhile, needed_service, service_of_query
from chalicelib.domain import contact as rules
from chalicelib.domain.identities import normalised
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config, contacts, links, merging, suggestions
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.writes import rounds

_TRIES = 6
_FILTERS = {"email": "email", "phone": "phone", "external_id": "external"}


def create(call: Call) -> Answer:
    """201 with the new contact; Problem 409 `identity_taken` with its `contact_id` where an identity is somebody's."""
    given = body(call, Contact)
    country = country_of(call, given.service_id)
    identities, wrong = identities_given(given, country)
    wrong += wrong_consent(given.consent)
    if wrong:
        raise invalid(wrong)
    data = rules.made(
        name=given.name or "",
        identities=identities,
        attributes=given.attributes,
        tags=given.tags,
        consent=given.consent,
    )
    now = now_ms()
    try:
        row = contacts.create(given.service_id, data, now_ms=now)
    except contacts.Taken as taken:
        raise identity_taken(taken) from None
    except contacts.ContactBusy:
        raise meanwhile() from None
    told(call, row, "created", {"fields": sorted(given.model_fields_set - {"service_id"})})
    return Answer(201, view(row))


def listing(call: Call) -> Answer:
    """Contacts of a service, the newest first, without one service by service; or the one of a service with `?email=`,
    `?phone=` or `?external_id=`; or those with a name whose words begin as those of `?q=` do."""
    limit = cursors.limit_of(call)
    if "q" in call.query:
        return Answer(200, finding.by_name(call, needed_service(call), limit=limit, show=views))
    if any(name in call.query for name in _FILTERS):
        return Answer(200, {"data": views(_with_identity(call, needed_service(call))), "next_cursor": None})
    service = service_of_query(call)
    of = f"contacts {service}"

    def rows(service: str, most: int, before: str) -> list[str]:
        return contacts.newest(service, limit=most, before=before)

    if not service:
        return Answer(200, across.page(call, limit=limit, of=of, rows=rows, place=str, show=_listed))
    places = rows(service, limit + 1, cursors.place_of(call, of=of))
    more = cursors.encode(places[limit - 1], of=of) if len(places) > limit else None
    return Answer(200, {"data": _listed(places[:limit]), "next_cursor": more})


def _listed(places: list[str]) -> list[dict[str, Any]]:
    """Contacts by their places in the index of a service."""
    ids = [place.partition(".")[2] for place in places]
    found = contacts.resolve_all(ids)
    # The index is behind the table for moments: one that was merged or erased since is not listed.
    return views([found[id] for id in ids if id in found and found[id].id == id])


def one(call: Call) -> Answer:
    """The contact; for one that was merged, the contact that it was merged into."""
    return Answer(200, view(find(call)))


def change(call: Call) -> Answer:
    """The contact with the given fields changed; Problem 409 `identity_taken` where an identity is another's."""
    find(call)
    patch = body(call, ContactChange)
    for _ in rounds(_TRIES):
        row = find(call)
        data, added = changed(dict(row.data), patch, country_of(call, str(row.service)))
        found = contacts.look(str(row.service), added)
        others = [(identity, found.people[own]) for identity, own in found.owners.items()]
        for identity, other in others:
            if other.id != row.id and not (other.data or {}).get("shadow"):
                raise identity_taken(contacts.Taken(identity, str(other.id)))
        if shadows := [other for _, other in others if other.id != row.id]:
            merging.try_merge(str(row.id), str(shadows[0].id), by=call.caller.id, now_ms=now_ms())
            continue
        saved = contacts.save(row, data, now_ms=now_ms(), stale=found.stale)
        if saved is not None:
            if saved is not row:
                told(call, saved, "updated", {"fields": sorted(patch.model_fields_set)})
            return Answer(200, view(saved))
    raise meanwhile()


def find(call: Call, contact_id: str = "") -> ContactRow:
    """The contact that a path names, or that stands for it; Problem 404 where there is none, 403 where the key may not
    see it."""
    id = contact_id or call.id
    if not CONTACT.fits(id):
        raise no_contact(id)
    call.caller.need_service(config.service_of(id))
    row = contacts.resolve(id)
    if row is None:
        raise no_contact(id)
    return row


def no_contact(id: str) -> Problem:
    """What is answered where there is no such contact."""
    return Problem(404, "not_found", f"there is no contact {id[:60]!r}")


def country_of(call: Call, service: str) -> str:
    """The country in which national phone numbers of a service are read; Problem 403 or 422."""
    call.caller.need_service(service)
    row = config.get("service", service)
    if row is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    return str((row.body or {}).get("country") or "")


def told(call: Call, row: ContactRow, verb: str, change: dict[str, object]) -> None:
    """Write to the audit what somebody did with a contact: names of fields, never what they hold."""
    service, subject = str(row.service), str(row.id)
    audit.note(service, at=now_ms(), actor=call.caller.id, action=f"contact.{verb}", subject=subject, change=change)


def identity_taken(taken: contacts.Taken) -> Problem:
    """What is answered where an identity is somebody else's."""
    kind, contact = taken.identity[0], taken.contact
    return Problem(409, "identity_taken", f"the {kind} belongs to another contact", contact_id=contact, kind=kind)


def view(row: ContactRow) -> dict[str, Any]:
    """A contact as it is answered."""
    return views([row])[0]


def views(rows: Sequence[ContactRow]) -> list[dict[str, Any]]:
    """Contacts as they are answered; their conversations are read at the same time."""
    whose = {own: str(row.id) for row in rows for own in (str(row.id), *(row.absorbed or ()))}
    spoken: dict[str, dict[str, str]] = {}
    for link in sorted(links.of(whose) if whose else (), key=lambda link: -link.touched):
        if link.conversation:
            spoken.setdefault(whose[link.contact], {})[link.conversation] = link.source
    same = suggestions.views(rows)
    return [_view(row, spoken.get(str(row.id), {})) | {"maybe_same": same.get(str(row.id), [])} for row in rows]


def _view(row: ContactRow, conversations: dict[str, str]) -> dict[str, Any]:
    data = dict(row.data)
    return {
        "id": str(row.id),
        "service_id": str(row.service),
        "name": data.get("name") or None,
        "identities": list(data.get("identities", ())),
        "attributes": data.get("attributes", {}),
        "tags": list(data.get("tags", ())),
        "consent": data.get("consent", {}),
        "conversations": conversations,
        "merged_ids": list(row.absorbed or ()),
        "shadow": bool(data.get("shadow")),
        "created_at": rfc3339(int(row.created_at or 0)),
        "updated_at": rfc3339(int(row.updated_at or row.created_at or 0)),
    }


def _with_identity(call: Call, service: str) -> list[ContactRow]:
    country = country_of(call, service)
    found: dict[str, str] = {}
    wrong = []
    for name, kind in _FILTERS.items():
        if name not in call.query:
            continue
        try:
            # Also where it is empty: who asks for nobody must not be given everybody.
            found[kind] = normalised(kind, call.query[name], country=country)
        except ValueError as error:
            wrong.append((f"/{name}", str(error)))
    if wrong:
        raise invalid(wrong)
    people = contacts.look(service, list(found.items()))
    rows = people.standing()
    # All that is asked for must be the same person's.
    return rows if len(rows) == 1 and len(people.owners) == len(found) else []
