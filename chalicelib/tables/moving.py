"""A person goes on under another address: the contact gets what identifies them now, and lets go of what did before."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.contact import Identity, each_once, identities_of
from chalicelib.domain.identities import CHANNEL, spellings
from chalicelib.tables import merging, suggestions
from chalicelib.tables.contact_rows import ContactBusy, ContactRow, Found, look, resolve, save
from chalicelib.tables.contacts import facts
from chalicelib.tables.writes import rounds


def move(
    service: str, person: str, *, gone: Sequence[Identity], new: Sequence[Identity], now_ms: int
) -> dict[str, str] | None:
    """What a thread keeps of its contact, after a provider said that they have (normalised) identities `new` in the
    place of `gone`; None where nobody is known by any of them. `person` is whose thread it was, empty for a new one.

    Who has written from the new address already is the same person: the provider says so. Where both still have an
    identity of one kind, it is only suggested. Done twice it changes nothing.
    """
    left = {other for one in gone for other in (one, *((one[0], value) for value in spellings(*one)))} - {*new}
    for _ in rounds():
        found = look(service, [*gone, *new])
        row = resolve(person) if person else _first(found)
        if row is None:
            return None
        data = dict(row.data)
        kept = [one for one in identities_of(data) if one not in left]
        free = [one for one in new if one not in found.owners or found.people[found.owners[one]].id == row.id]
        data["identities"] = [{"kind": kind, "value": value} for kind, value in each_once([*kept, *free])]
        saved = save(row, data, now_ms=now_ms, stale=found.stale)
        if saved is not None and _with_others(saved, found, new, now_ms=now_ms):
            return facts(saved, own=person or str(saved.id), name="")
    raise ContactBusy(service)


def _first(found: Found) -> ContactRow | None:
    standing = found.standing()
    return standing[0] if standing else None


def _with_others(row: ContactRow, found: Found, new: Sequence[Identity], *, now_ms: int) -> bool:
    """Whether whoever else has a new identity was dealt with; False where a contact changed and it begins anew."""
    owners = {one: found.people[found.owners[one]] for one in new if one in found.owners}
    for one, other in owners.items():
        if other.id == row.id:
            continue
        if not _kinds(row) & _kinds(other):
            merging.try_merge(str(row.id), str(other.id), by="parley", now_ms=now_ms)
            return False
        if suggestions.suggest(row, other, because=one[:1], now_ms=now_ms) is None:
            return False
    return True


def _kinds(row: ContactRow) -> set[str]:
    return {kind for kind, _ in identities_of(row.data)} - {CHANNEL}
