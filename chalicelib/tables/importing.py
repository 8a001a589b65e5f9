"""Many contacts at once: identities are looked up by the hundred, contacts written in transactions of a hundred rows.

500 rows of new people with two identities each take 10 calls to look and 16 to write. A transaction that somebody
else's write breaks is done again contact by contact. Doing rows again changes nothing, so a page that was cut off is
simply sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.domain.contact import (
    MOST_ATTRIBUTES,
    MOST_IDENTITIES,
    MOST_TAGS,
    Data,
    Identity,
    identities_of,
    made,
    patched,
    refused,
    same,
    size,
)
from chalicelib.domain.identities import PHONE, spellings
from chalicelib.ports.clock import now_ms
from chalicelib.tables import contacts, merging
from chalicelib.tables.contact_rows import consent_changes
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.writes import committed, rounds, transaction

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"
_ITEMS = 100
"""Of a transaction."""
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says of a person, checked."""

    number: int
    identities: tuple[Identity, ...]
    name: str = ""
    attributes: Data = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    consent: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row."""

    number: int
    verb: str
    field: str = ""
    why: str = ""


@dataclass(slots=True, eq=False)
class _Draft:
    """A contact as it will be, and the rows that say so."""

    row: ContactRow | None
    data: Data
    said: list[Said]
    outcomes: list[Outcome]

    @property
    def items(self) -> int:
        was = dict(self.row.data) if self.row else {}
        consents = len(consent_changes(was, self.data))
        return 1 + consents + len(self.data["identities"]) - len(identities_of(was))

    @property
    def changed(self) -> bool:
        return self.row is None or not same(self.row.data, self.data)


def keep(service: str, rows: Sequence[Said]) -> list[Outcome]:
    """Make or change the contacts that rows tell of, in their order; what became of each row.

    A row of somebody known adds to them: what it says replaces name, attributes and consent, except that it takes back
    no refusal. A row whose identities belong to different people is refused.
    """
    drafts, refusals, alone = _drafted(service, rows)
    done = list(refusals)
    for group in _groups([draft for draft in drafts if draft.changed]):
        if _written(service, group):
            done += [outcome for draft in group for outcome in draft.outcomes]
        else:
            alone += [said for draft in group for said in draft.said]
    done += [outcome for draft in drafts if not draft.changed for outcome in draft.outcomes]
    for said in sorted(alone, key=lambda said: said.number):
        done.append(_one(service, said))
    return sorted(done, key=lambda outcome: outcome.number)


def _drafted(service: str, rows: Sequence[Said]) -> tuple[list[_Draft], list[Outcome], list[Said]]:
    """(the contacts as they will be, rows that cannot be, rows that have to be looked at alone)."""
    found = contacts.look(service, list(dict.fromkeys(one for said in rows for one in said.identities)))
    refusals: list[Outcome] = []
    alone: list[Said] = []
    known: dict[str, _Draft] = {}
    by_identity: dict[Identity, _Draft] = {}
    for identity, own in found.owners.items():
        row = found.people[own]
        by_identity[identity] = known.setdefault(str(row.id), _Draft(row, dict(row.data), [], []))
    drafts = list(known.values())
    for said in rows:
        people = list({id(draft): draft for one in said.identities if (draft := by_identity.get(one))}.values())
        if any(one in found.stale for one in said.identities) or (
            len(people) > 1 and any((draft.data or {}).get("shadow") for draft in people)
        ):
            # Rare, and several writes: erased a moment ago, or known from events as somebody else.
            alone.append(said)
            continue
        if len(people) > 1:
            other = next(one for one in said.identities if by_identity.get(one, people[0]) is not people[0])
            refusals.append(Outcome(said.number, REFUSED, other[0], "belongs to another contact than the row's first"))
            continue
        draft = people[0] if people else _Draft(None, made(), [], [])
        data = _grown(draft.data, said)
        if wrong := _too_much(draft.data, data):
            refusals.append(Outcome(said.number, REFUSED, *wrong))
            continue
        verb = CREATED if not people else UNCHANGED if same(draft.data, data) else UPDATED
        draft.data = data
        draft.said.append(said)
        draft.outcomes.append(Outcome(said.number, verb))
        by_identity |= dict.fromkeys(said.identities, draft)
        # The same person in another row of the file, spelled otherwise.
        for number in (number for one in said.identities for number in spellings(*one)):
            by_identity.setdefault((PHONE, number), draft)
        if not people:
            drafts.append(draft)
    return [draft for draft in drafts if draft.said], refusals, alone


def _groups(drafts: list[_Draft]) -> Iterator[list[_Draft]]:
    group: list[_Draft] = []
    items = 0
    for draft in drafts:
        if group and items + draft.items > _ITEMS:
            yield group
            group, items = [], 0
        group.append(draft)
        items += draft.items
    if group:
        yield group


def _written(service: str, group: list[_Draft]) -> bool:
    writes, now = transaction(), now_ms()
    for draft in group:
        if draft.row is None:
            contacts.put_new(writes, service, draft.data, {}, now_ms=now)
        else:
            contacts.put_changed(writes, draft.row, draft.data, now_ms=now, stale={})
    return committed(writes)


def _one(service: str, said: Said) -> Outcome:
    """One row alone, as often as others come between."""
    for _ in rounds(_TRIES):
        found = contacts.look(service, said.identities)
        people = sorted(found.standing(), key=contacts.is_shadow)
        if not people:
            try:
                contacts.create(service, _grown(made(), said), now_ms=now_ms())
            except (contacts.ContactBusy, contacts.Taken):
                continue
            return Outcome(said.number, CREATED)
        first, *others = people
        if any(not contacts.is_shadow(other) for other in others):
            return Outcome(said.number, REFUSED, "", "its identities belong to different contacts")
        if others:
            merging.try_merge(str(first.id), str(others[0].id), by="import", now_ms=now_ms())
            continue
        data = _grown(dict(first.data), said)
        if wrong := _too_much(dict(first.data), data):
            return Outcome(said.number, REFUSED, *wrong)
        saved = contacts.save(first, data, now_ms=now_ms(), stale=found.stale)
        if saved is not None:
            return Outcome(said.number, UNCHANGED if saved is first else UPDATED)
    return Outcome(said.number, REFUSED, "", "the contact changed at the same time; import the row again")


def _grown(data: Data, said: Said) -> Data:
    consent = dict(data.get("consent", {}))
    for purpose, given in said.consent.items():
        before = consent.get(purpose)
        # A file may be older than a refusal; and a bare word adds nothing to one that says when and where.
        keeps = before is not None and (refused(before) or (isinstance(given, bool) and not refused(given)))
        if not keeps:
            consent[purpose] = given
    return made(
        name=said.name or data.get("name", ""),
        identities=[*identities_of(data), *said.identities],
        attributes=patched(data.get("attributes", {}), said.attributes),
        tags=[*data.get("tags", ()), *said.tags],
        consent=consent,
    )


def _too_much(before: Data, data: Data) -> tuple[str, str] | None:
    """(field, why) where a contact would be more than it may be; one that merging made larger only must not grow."""
    if len(data["identities"]) > max(MOST_IDENTITIES, len(before.get("identities", ()))):
        return "identities", f"the contact would have more than {MOST_IDENTITIES} identities"
    if len(data["tags"]) > max(MOST_TAGS, len(before.get("tags", ()))):
        return "tags", f"the contact would have more than {MOST_TAGS} tags"
    if size(data["attributes"]) > max(MOST_ATTRIBUTES, size(before.get("attributes", {}))):
        return "attributes", f"the contact would have more than {MOST_ATTRIBUTES} bytes of attributes"
    return None
