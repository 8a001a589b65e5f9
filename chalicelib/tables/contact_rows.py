"""The rows of table `contacts`: a contact, what belongs to it, and identities that lead to it.

An identity leads to its own contact for ever; where that one was merged, its `into` leads on. So taking a merge back
moves no identity, and what belongs to a contact (threads, conversations, merges) stays in its partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.contact import Data, Identity, identities_of, same
from chalicelib.domain.identities import spellings
from chalicelib.ports.settings import settings
from chalicelib.tables import batch_get as reads
from chalicelib.tables.attributes import PlainAttribute, PlainListAttribute
from chalicelib.tables.writes import committed, transaction

CONTACT, IDENTITY = "contact", "identity"
CONSENT = "consent#"
"""How the rows of a contact's history of consent begin: one for each purpose that a change says something new of."""
_PAGE, _AT_ONCE = 100, 8


class ByService(GlobalSecondaryIndex["ContactRow"]):
    """Contacts of a service by the time they were made; those that were merged or erased are not in it."""

    class Meta:
        index_name = "by_service"
        projection = KeysOnlyProjection()

    service = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)


class ContactRow(Model):
    """A contact (`item = "contact"`) or something that belongs to it, in the contact's partition; or an identity,
    in a partition of its own (`id#<service>#<kind>#<value>`) that names its contact."""

    class Meta:
        table_name = settings().table("contacts")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    service = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    data = PlainAttribute(null=True)
    """Of a contact: see `domain.contact`; absent once it was erased."""
    created_at = NumberAttribute(null=True)
    created = UnicodeAttribute(null=True)
    """`<created_at, 13 digits>.<id>` of a contact that is to be listed."""
    updated_at = NumberAttribute(null=True)
    version = NumberAttribute(null=True)
    """Of a contact: raised by every change, so that of two writers one notices."""
    into = UnicodeAttribute(null=True)
    """The contact that it was merged into."""
    absorbed = PlainListAttribute(null=True)
    """Ids of the contacts that were merged into it, and into those."""
    maybe_same = PlainListAttribute(null=True)
    """Contacts that may be the same person: see suggestions.py."""
    not_same = PlainListAttribute(null=True)
    """Contacts that somebody said are not, `{contact_id, because: [kind of identity, ...]}`."""
    touched = NumberAttribute(null=True)
    """Of a conversation's link: when it was last spoken in, to the hour; `before`: what that was before."""
    before = NumberAttribute(null=True)

    by_service = ByService()


class ContactBusy(Exception):
    """The contact changed under the call again and again; whoever called tries again."""


class Taken(Exception):
    """An identity belongs to another contact."""

    def __init__(self, identity: Identity, contact: str) -> None:
        super().__init__(f"{identity[0]} belongs to {contact}")
        self.identity, self.contact = identity, contact


@dataclass(frozen=True, slots=True)
class Found:
    """Whom identities lead to."""

    owners: dict[Identity, str]
    """Own contact of each that leads to somebody, in the order asked."""
    people: dict[str, ContactRow]
    """Own contact -> the contact that stands for it now."""
    stale: dict[Identity, str]
    """Those that still name a contact that was erased."""
    elsewhere: frozenset[Identity] = frozenset()
    """Those that lead to somebody by another spelling alone."""

    def standing(self) -> list[ContactRow]:
        """The contacts found, each once, in the order of the identities."""
        return list({row.id: row for row in (self.people[own] for own in self.owners.values())}.values())


def look(service: str, identities: Sequence[Identity]) -> Found:
    """Whom identities lead to, read consistently, a hundred in a call.

    Where a phone number was spelled otherwise once, that spelling is looked up in the same call; it counts where the
    one of now leads to nobody.
    """
    spelled = {one: [one, *((one[0], value) for value in spellings(*one))] for one in identities}
    asked = list(dict.fromkeys(one for some in spelled.values() for one in some))
    rows = zip(asked, read_all([(identity_key(service, *one), IDENTITY) for one in asked]), strict=True)
    named = {one: str(row.contact) for one, row in rows if row is not None}
    people = resolve_all(named.values())
    by = {one: next((at for at in some if named.get(at) in people), None) for one, some in spelled.items()}
    return Found(
        owners={one: named[at] for one, at in by.items() if at is not None},
        people=people,
        stale={one: own for one in identities if (own := named.get(one)) is not None and own not in people},
        elsewhere=frozenset(one for one, at in by.items() if at not in (one, None)),
    )


def read_all(keys: Sequence[tuple[str, str]]) -> list[ContactRow | None]:
    """The rows of any number of (partition, item), the pages of a hundred at the same time."""
    wanted: list[reads.Key] = [(ContactRow, id, item) for id, item in keys]
    if len(wanted) <= _PAGE:
        return reads.get_all(wanted)
    pages = [wanted[at : at + _PAGE] for at in range(0, len(wanted), _PAGE)]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(pages))) as pool:
        return [row for page in pool.map(reads.get_all, pages) for row in page]


def get(contact_id: str) -> ContactRow | None:
    """The contact itself, also where it was merged; None where there is none or it was erased."""
    row = reads.get_all([(ContactRow, contact_id, CONTACT)])[0]
    return row if row is not None and row.data is not None else None


def resolve(contact_id: str) -> ContactRow | None:
    """The contact, or the one that it was merged into; None where there is none."""
    return resolve_all([contact_id]).get(contact_id)


def consent_of(row: ContactRow | None) -> dict[str, Any]:
    """What a contact agreed to and what not, by purpose; empty for nobody."""
    return dict((row.data or {}).get("consent", {})) if row is not None else {}


def resolve_all(contact_ids: Iterable[str]) -> dict[str, ContactRow]:
    """Contact -> the one that stands for it now; a call for each step of the longest row of merges."""
    at = {id: id for id in contact_ids}
    rows: dict[str, ContactRow | None] = {}
    while True:
        missing = sorted({id for id in at.values() if id not in rows})
        rows |= dict(zip(missing, read_all([(id, CONTACT) for id in missing]), strict=True))
        further = {id: str(row.into) if (row := rows[now]) is not None and row.into else now for id, now in at.items()}
        if further == at:
            break
        # Also where the next is known already: several of one row of merges may be asked for at once.
        at = further
    return {id: row for id, now in at.items() if (row := rows[now]) is not None and row.data is not None}


def find(service: str, kind: str, value: str) -> str | None:
    """Id of the contact that a (normalised) identity leads to."""
    found = look(service, [(kind, value)]).standing()
    return str(found[0].id) if found else None


def newest(service: str, *, limit: int, before: str = "") -> list[str]:
    """Places (`created`) of contacts of a service, newest first, from before a place; the id follows the full stop."""
    condition = ContactRow.created < before if before else None
    keys = ContactRow.by_service.query(service, condition, scan_index_forward=False, limit=limit)
    return [str(key.created) for key in keys]


def save(row: ContactRow, data: Data, *, now_ms: int, stale: dict[Identity, str] | None = None) -> ContactRow | None:
    """Store changed data of a contact as it was read, claim the identities that are new and let go of those that are
    gone; None where the contact changed meanwhile or an identity is another's."""
    if data == row.data:
        return row
    writes = transaction()
    changed = put_changed(writes, row, data, now_ms=now_ms, stale=stale or {})
    return changed if committed(writes) else None


def put_changed(
    writes: TransactWrite, row: ContactRow, data: Data, *, now_ms: int, stale: dict[Identity, str]
) -> ContactRow:
    """As `save`, as part of a transaction; gives the contact as it will be."""
    before, after = identities_of(row.data), identities_of(data)
    changed = copied(row, data=data, updated_at=now_ms, version=int(row.version or 0) + 1)
    mine = [str(row.id), *(row.absorbed or ())]
    writes.save(changed, condition=stands(row))
    put_consent(writes, changed, consent_changes(dict(row.data), data), now_ms=now_ms)
    for identity in [one for one in after if one not in before]:
        claim(writes, str(row.service), identity, str(row.id), now_ms=now_ms, stale=stale.get(identity, ""))
    for identity in [one for one in before if one not in after]:
        key = ContactRow(identity_key(str(row.service), *identity), IDENTITY)
        writes.delete(key, condition=ContactRow.id.does_not_exist() | ContactRow.contact.is_in(*mine))
    return changed


def consent_changes(before: Data, after: Data) -> Data:
    """Purpose -> what is said of it now, of those where that is new; None where nothing is any more."""
    was, now = before.get("consent", {}), after.get("consent", {})
    return {purpose: now.get(purpose) for purpose in {**was, **now} if not same(was.get(purpose), now.get(purpose))}


def put_consent(writes: TransactWrite, row: ContactRow, changes: Data, *, now_ms: int) -> None:
    """Note in a contact's history what is said of consent with this version of it, as part of a transaction."""
    for number, (purpose, said) in enumerate(changes.items()):
        item = f"{CONSENT}{now_ms:013d}.{int(row.version or 0):08d}.{number:02d}"
        data = {"purpose": purpose} | ({"said": said} if said is not None else {})
        writes.save(ContactRow(id=row.id, item=item, service=row.service, data=data, created_at=now_ms))


def is_shadow(row: ContactRow) -> bool:
    """Whether it is known from events alone."""
    return bool((row.data or {}).get("shadow"))


def identity_key(service: str, kind: str, value: str) -> str:
    """Partition of an identity."""
    return f"id#{service}#{kind}#{value}"


def copied(row: ContactRow, **changes: Any) -> ContactRow:
    """The row with some attributes changed; None takes one away."""
    return ContactRow(**{key: value for key, value in (row.attribute_values | changes).items() if value is not None})


def stands(row: ContactRow) -> Any:
    """That a contact is as it was read; erasing and merging raise the version too."""
    return ContactRow.version == int(row.version or 0)


def claim(
    writes: TransactWrite, service: str, identity: Identity, contact: str, *, now_ms: int, stale: str = ""
) -> None:
    """Have an identity lead to a contact, if it leads to nobody or to the erased contact `stale`."""
    free = ContactRow.id.does_not_exist()
    key = identity_key(service, *identity)
    writes.save(
        ContactRow(id=key, item=IDENTITY, service=service, contact=contact, created_at=now_ms),
        condition=free | (ContactRow.contact == stale) if stale else free,
    )
