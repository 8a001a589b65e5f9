"""Merging contacts and taking it back: rows `merge#<merge id>` in the partition of the contact merged into.

A merge is one transaction: the merged contact gets `into`, the other both their data, and the row copies of both and
of what they are together. Only a contact that stands is changed; so what a merged one holds is what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.contact import MOST_TOGETHER, Data, Merge, identities_of, size, taken_back, together
from chalicelib.domain.group import mixed
from chalicelib.ports import ids
from chalicelib.tables import batch_get as reads
from chalicelib.tables.contact_rows import (
    IDENTITY,
    ContactBusy,
    ContactRow,
    copied,
    get,
    identity_key,
    resolve,
    stands,
)
from chalicelib.tables.writes import committed, rounds, transaction

MERGE = "merge#"
MOST_ABSORBED = 60
"""Contacts that may be merged into one: each that is taken back rewrites the later ones in one transaction of 100."""
_MOST_REWRITTEN = 3_000_000
"""Bytes; a transaction takes 4 MB."""


class CannotMerge(Exception):
    """The two cannot be merged, or not taken apart; `code` says why, `contact` who stands in the way."""

    def __init__(self, code: str, why: str, *, contact: str = "") -> None:
        super().__init__(why)
        self.code, self.why, self.contact = code, why, contact


def merge(destination: str, source: str, *, by: str, now_ms: int) -> tuple[str, ContactRow]:
    """Merge `source` into what `destination` stands for; (merge id, the contact). CannotMerge says why not."""
    for _ in rounds():
        into, taken = resolve(destination), get(source)
        if into is None or taken is None:
            raise CannotMerge("not_found", "there is no such contact")
        if taken.into or taken.id == into.id:
            standing = resolve(source)
            raise CannotMerge(
                "already_merged", "it is merged already, or the same", contact=str(standing.id) if standing else ""
            )
        if taken.service != into.service:
            raise CannotMerge("other_service", "the contacts belong to different services")
        if mixed([*identities_of(dict(into.data)), *identities_of(dict(taken.data))]):
            raise CannotMerge("group_and_person", "one of them is a group, the other a person")
        done = _merge(into, taken, by=by, now_ms=now_ms)
        if done:
            return done
    raise ContactBusy(destination)


def try_merge(destination: str, source: str, *, by: str, now_ms: int) -> bool:
    """As `merge`; False where it cannot be."""
    try:
        merge(destination, source, by=by, now_ms=now_ms)
    except CannotMerge:
        return False
    return True


def _merge(into: ContactRow, taken: ContactRow, *, by: str, now_ms: int) -> tuple[str, ContactRow] | None:
    before, source = dict(into.data), dict(taken.data)
    combined = together(before, source)
    absorbed = [*(into.absorbed or ()), str(taken.id), *(taken.absorbed or ())]
    if size(combined) > MOST_TOGETHER or len(absorbed) > MOST_ABSORBED:
        raise CannotMerge("too_large_together", f"at most {MOST_ABSORBED} contacts and {MOST_TOGETHER} bytes in one")
    version = int(into.version or 0)
    # Its place among the merges is the contact's version, which one merge alone can raise.
    id = f"mg_{version:08d}{ids.from_cause('', into.id, taken.id, version)[1:17]}"
    log = {"from": taken.id, "by": by, "at": now_ms, "absorbed": absorbed[len(into.absorbed or ()) :]}
    row = copied(into, data=combined, absorbed=absorbed, updated_at=now_ms, version=version + 1)
    together_ = transaction()
    together_.save(row, condition=stands(into))
    away = copied(taken, into=str(into.id), created=None, version=int(taken.version or 0) + 1)
    together_.save(away, condition=stands(taken))
    log |= {"before": before, "source": source, "combined": combined}
    together_.save(ContactRow(id=into.id, item=MERGE + id, service=into.service, data=log, created_at=now_ms))
    return (id, row) if committed(together_) else None


def unmerge(contact: str, merge_id: str, *, by: str, now_ms: int) -> tuple[ContactRow, ContactRow]:
    """Take a merge back; (the contact, the one that is on its own again). CannotMerge: `not_found`, `merged_further`
    where the contact was itself merged since, `already_unmerged`."""
    for _ in rounds():
        row = get(contact)
        if row is None:
            raise CannotMerge("not_found", "there is no such contact")
        merges = all_into(contact)
        index = next((at for at, one in enumerate(merges) if one.item == MERGE + merge_id), None)
        if index is None:
            _refuse_of_absorbed(row, merge_id)
        elif merges[index].data.get("undone_at"):
            raise CannotMerge("already_unmerged", "this merge was taken back before")
        elif row.into:
            raise CannotMerge("merged_further", "the contact was itself merged since", contact=str(row.into))
        else:
            done = _unmerge(row, merges, index, by=by, now_ms=now_ms)
            if done:
                return done
    raise ContactBusy(contact)


def _refuse_of_absorbed(row: ContactRow, merge_id: str) -> None:
    inner = reads.get_all([(ContactRow, id, MERGE + merge_id) for id in row.absorbed or ()])
    holder = next((str(one.id) for one in inner if one is not None), "")
    if holder:
        raise CannotMerge(
            "merged_further", "it was a merge into a contact that was merged into this one since", contact=holder
        )
    raise CannotMerge("not_found", "there is no such merge")


def _unmerge(
    row: ContactRow, merges: Sequence[ContactRow], index: int, *, by: str, now_ms: int
) -> tuple[ContactRow, ContactRow] | None:
    log = dict(merges[index].data)
    taken = get(log["from"])
    if taken is None or taken.into != row.id:
        return None
    standing = [one for one in merges if not one.data.get("undone_at")]
    place = standing.index(merges[index])
    if size({"later": [one.data for one in standing[place:]]}) > _MOST_REWRITTEN:
        raise CannotMerge("too_large_together", "the later merges are too large to be made again: take one back first")
    copies = [Merge(one.data["before"], one.data["source"], one.data["combined"]) for one in standing]
    data, released, later = taken_back(copies, place, dict(row.data))
    released, moved = _still_its_own(row, taken, released)
    gone = {str(taken.id), *(taken.absorbed or ())}
    left = [id for id in row.absorbed or () if id not in gone]
    version = int(row.version or 0) + 1
    changed = copied(row, data=data, absorbed=left or None, updated_at=now_ms, version=version)
    free = copied(
        taken,
        data=released,
        into=None,
        created=f"{int(taken.created_at or 0):013d}.{taken.id}",
        updated_at=now_ms,
        version=int(taken.version or 0) + 1,
    )
    writes = transaction()
    writes.save(changed, condition=stands(row))
    writes.save(free, condition=stands(taken))
    # Each is as it was read, or the contact's version would not stand: all changes of merges raise it.
    kept = {key: log[key] for key in ("from", "by", "at", "absorbed")}
    writes.save(copied(merges[index], data=kept | {"undone_at": now_ms, "undone_by": by}))
    for one, again in zip(standing[place + 1 :], later, strict=True):
        copies_of = {"before": again.before, "source": again.source, "combined": again.combined}
        writes.save(copied(one, data=dict(one.data) | copies_of))
    for key in moved:
        writes.save(copied(key, contact=str(taken.id)), condition=ContactRow.contact == key.contact)
    return (changed, free) if committed(writes) else None


def _still_its_own(row: ContactRow, taken: ContactRow, released: Data) -> tuple[Data, list[ContactRow]]:
    """The released contact with those of its identities that nobody else has; and their rows that must lead back to
    it, as they were taken away and given again to the contact that it was merged into."""
    identities = identities_of(released)
    rows = reads.get_all([(ContactRow, identity_key(str(row.service), *one), IDENTITY) for one in identities])
    mine, theirs = {str(taken.id), *(taken.absorbed or ())}, {str(row.id), *(row.absorbed or ())}
    left = [
        one for one, key in zip(identities, rows, strict=True) if key is not None and str(key.contact) in mine | theirs
    ]
    moved = [key for key in rows if key is not None and str(key.contact) in theirs - mine]
    if left != identities:
        released = released | {"identities": [{"kind": kind, "value": value} for kind, value in left]}
    return released, moved


def all_into(contact: str) -> list[ContactRow]:
    """Every merge into a contact, also those that were taken back, oldest first."""
    return list(ContactRow.query(contact, ContactRow.item.startswith(MERGE), consistent_read=True))


def view(row: ContactRow) -> dict[str, Any]:
    """What a merge's row tells, without the copies."""
    kept = ("from", "by", "at", "absorbed", "undone_at", "undone_by")
    return {"merge_id": str(row.item).removeprefix(MERGE)} | {key: row.data[key] for key in kept if key in row.data}
