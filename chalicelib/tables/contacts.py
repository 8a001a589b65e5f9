"""Table `contacts`: persons, and which identity belongs to whom. Finding a person, or making one, is here."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.transactions import TransactWrite

from chalicelib.domain.contact import Data, Identity, each_once, first_of, identities_of, made, together
from chalicelib.ports import ids
from chalicelib.tables import merging, suggestions
from chalicelib.tables.contact_rows import (
    CONTACT,
    IDENTITY,
    ContactBusy,
    ContactRow,
    Found,
    Taken,
    claim,
    consent_changes,
    consent_of,
    find,
    get,
    identity_key,
    is_shadow,
    look,
    newest,
    put_changed,
    put_consent,
    resolve,
    resolve_all,
    save,
)
from chalicelib.tables.writes import committed, rounds, transaction

__all__ = [
    "CONTACT", "IDENTITY", "ContactBusy", "ContactRow", "Taken", "consent_of", "create", "facts", "find",
    "find_or_create", "get", "identity_key", "is_shadow", "learn", "look", "newest", "put_changed", "put_new",
    "resolve", "resolve_all", "save",
]  # fmt: skip

MOST_KNOWN = 60
"""Identities that a contact may come to by itself: more are not kept, and found by the others all the same."""


def find_or_create(
    service: str, identities: Sequence[Identity], *, name: str, now_ms: int, shadow: bool = False
) -> dict[str, str]:
    """The contact that these (normalised) identities lead to, made where they lead to nobody; exactly one results of
    makers that race.

    Where they lead to several, the first one that is not known from events alone (`shadow`) counts; shadows are merged
    into it and of other persons nothing is taken: it is suggested that they are the same. It gets the identities that
    nobody has, and a name where it has none.
    Returns `id` (the contact that stands), `person` (the own contact, where that was merged), `name`, `phone`, `email`.
    Two calls for one that is known, two for a new one.
    """
    wanted = list(dict.fromkeys(identities))
    for attempt in rounds():
        found = look(service, wanted)
        if not found.owners:
            data = made(name=name, identities=wanted[:MOST_KNOWN], shadow=shadow)
            new = _add(service, data, found.stale, now_ms=now_ms, attempt=attempt)
            if new is not None:
                return facts(new, own=str(new.id), name=name)
            continue
        row, *others = sorted(found.standing(), key=is_shadow)
        saved = _told(row, others, wanted, found, name=name, shadow=shadow, now_ms=now_ms)
        if saved is not None:
            own = next(own for own in found.owners.values() if found.people[own].id == row.id)
            return facts(saved, own=own, name=name)
    raise ContactBusy(service)


def learn(
    service: str, person: str, identities: Sequence[Identity], *, name: str, now_ms: int
) -> dict[str, str] | None:
    """What a thread keeps of its contact, after it heard these (normalised) identities of `person` and perhaps a name;
    None where the contact was erased.

    As with `find_or_create`, except that the person is known beforehand: three calls, and one where there is something
    new. What another person has stays theirs, and is suggested to be the same.
    """
    wanted = list(dict.fromkeys(identities))
    for _ in rounds():
        row = resolve(person)
        if row is None:
            return None
        found = look(service, wanted)
        others = [other for other in found.standing() if other.id != row.id]
        saved = _told(row, others, wanted, found, name=name, shadow=False, now_ms=now_ms)
        if saved is not None:
            return facts(saved, own=person, name=name)
    raise ContactBusy(service)


def _told(
    row: ContactRow,
    others: list[ContactRow],
    wanted: list[Identity],
    found: Found,
    *,
    name: str,
    shadow: bool,
    now_ms: int,
) -> ContactRow | None:
    """A contact with what is new about it; None where it, or one of the others, has to be looked at again."""
    if shadows := [other for other in others if is_shadow(other)]:
        _absorb(row, shadows, now_ms=now_ms)
        return None
    saved = save(row, _grown(row, wanted, found, name=name, shadow=shadow), now_ms=now_ms, stale=found.stale)
    if saved is None:
        return None
    for other in others:
        because = [kind for (kind, _), own in found.owners.items() if found.people[own].id == other.id]
        saved = suggestions.suggest(saved, other, because=because, now_ms=now_ms)
        if saved is None:
            return None
    return saved


def create(service: str, data: Data, *, now_ms: int) -> ContactRow:
    """A new contact; Taken where an identity belongs to a person. One that was known from events alone becomes it."""
    identities = identities_of(data)
    for attempt in rounds():
        found = look(service, identities)
        for identity, own in found.owners.items():
            if not is_shadow(found.people[own]):
                raise Taken(identity, str(found.people[own].id))
        if not found.owners:
            saved = _add(service, data, found.stale, now_ms=now_ms, attempt=attempt)
        else:
            row, *others = found.standing()
            if others:
                _absorb(row, others, now_ms=now_ms)
                continue
            saved = save(row, together(data, dict(row.data)), now_ms=now_ms, stale=found.stale)
        if saved is not None:
            return saved
    raise ContactBusy(service)


def _add(service: str, data: Data, stale: dict[Identity, str], *, now_ms: int, attempt: int) -> ContactRow | None:
    """A new contact and its identities, all or nothing; None where somebody was faster."""
    writes = transaction()
    row = put_new(writes, service, data, stale, now_ms=now_ms, attempt=attempt)
    return row if committed(writes) else None


def put_new(
    writes: TransactWrite, service: str, data: Data, stale: dict[Identity, str], *, now_ms: int, attempt: int = 0
) -> ContactRow:
    """A new contact and its identities as part of a transaction."""
    cause = identities_of(data)[0] if data["identities"] else ("", ids.token())
    # From its cause and time: makers that race make the same row, and somebody who was erased comes back as another.
    id = f"ct_{service[3:]}{ids.from_cause('', service, *cause, now_ms, attempt)[1:17]}"
    row = ContactRow(
        id=id,
        item=CONTACT,
        service=service,
        data=data,
        created_at=now_ms,
        created=f"{now_ms:013d}.{id}",
        updated_at=now_ms,
        version=1,
    )
    writes.save(row, condition=ContactRow.id.does_not_exist())
    put_consent(writes, row, consent_changes({}, data), now_ms=now_ms)
    for identity in identities_of(data):
        claim(writes, service, identity, id, now_ms=now_ms, stale=stale.get(identity, ""))
    return row


def _absorb(row: ContactRow, shadows: list[ContactRow], *, now_ms: int) -> None:
    """Merge contacts that are known from events alone; one that changes meanwhile is met again by the next look."""
    for shadow in shadows:
        merging.try_merge(str(row.id), str(shadow.id), by="parley", now_ms=now_ms)


def _grown(row: ContactRow, wanted: list[Identity], found: Found, *, name: str, shadow: bool) -> Data:
    """The data of a known contact with what is new about it."""
    data = dict(row.data)
    own = identities_of(data)
    mine = {one for one in found.elsewhere if found.people[found.owners[one]].id == row.id}
    free = [one for one in wanted if (one not in found.owners or one in mine) and one not in own]
    new = free[: max(0, MOST_KNOWN - len(own))]
    if new:
        data["identities"] = [{"kind": kind, "value": value} for kind, value in each_once([*own, *new])]
    if name and not data.get("name"):
        data["name"] = name
    if not shadow:
        data.pop("shadow", None)
    return data


def facts(row: ContactRow, *, own: str, name: str) -> dict[str, str]:
    """What a thread keeps of its contact."""
    data = row.data or {}
    facts = {"id": str(row.id), "name": data.get("name") or name, "person": own if own != row.id else ""}
    facts |= {kind: first_of(data, kind) for kind in ("phone", "email")}
    return {key: value for key, value in facts.items() if value}
