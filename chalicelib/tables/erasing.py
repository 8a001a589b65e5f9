"""Erasing a person: the mark in place of the contact, and the row `erasure` that says how far it has come.

The row is the proof: what was erased, how much of it, what is left and why. Each part of the work deletes rows and
counts them in one transaction, on condition that the row is as it was read: so a cut, or two runs at once, neither
skip nor count anything twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from pynamodb.models import Model

from chalicelib.domain.contact import identities_of
from chalicelib.domain.identities import CHANNEL, EMAIL, PHONE
from chalicelib.domain.part import Part, read
from chalicelib.tables import batch_get as reads
from chalicelib.tables import names
from chalicelib.tables.contact_rows import CONTACT, IDENTITY, ContactBusy, ContactRow, identity_key, read_all, stands
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.failures import ALL as FAILURES
from chalicelib.tables.failures import Failure
from chalicelib.tables.messages import MessageRow
from chalicelib.tables.threads import MOST_CONVERSATIONS, ThreadRow, conversation_item
from chalicelib.tables.writes import committed, transaction

ERASURE = "erasure"
RUNNING, DONE = "running", "done"
MOST_ROWS = 90
"""Deleted in one transaction."""
LEFT = (
    {
        "what": "receipts",
        "why": "hashes of event ids; they expire within 8 days, those of sources within 400",
    },
    {"what": "threads", "why": "numbers under a hash of the address, so that no id is ever given twice"},
    {"what": "this proof and the audit", "why": "ids and names of fields only"},
    {"what": "answers under an Idempotency-Key", "why": "they expire within a day"},
    {"what": "dead letters", "why": "those that tell of the person in their text alone; the owner deals with them"},
    {"what": "timers", "why": "a thread's address, until they fall due"},
    {
        "what": "backups",
        "why": "point-in-time recovery of the tables ends after 35 days, old versions of files after 30; copies that "
        "AWS Backup makes end as their plan says",
    },
)
State = dict[str, Any]
_TELLING = 8
"""Characters of an id of another system that is looked for in dead letters; shorter ones may be anything."""


def begin(row: ContactRow, *, by: str, now_ms: int) -> bool:
    """Put a mark in the contact's place and note what is to be done; False where the contact changed meanwhile.

    From here on its identities, and the contacts merged into it, lead to nobody.
    """
    people = [str(row.id), *(row.absorbed or ())]
    state: State = {
        "status": RUNNING,
        "requested_at": now_ms,
        "by": by,
        "people": people,
        "identities": [list(one) for one in identities_of(row.data)],
        "names": [row.data.get("name") or ""],
        "phase": "identities",
        "threads": [],
        "counts": {"contacts": 1},
        "conversations": [],
        "pass": 1,
    }
    writes = transaction()
    writes.save(_mark(row), condition=stands(row))
    writes.save(ContactRow(id=row.id, item=ERASURE, service=row.service, data=state, version=1))
    return committed(writes)


def find(contact_id: str) -> ContactRow | None:
    """The erasure of a contact, or of the one that it was merged into."""
    id: str | None = contact_id
    while id:
        row, erasure = reads.get_all([(ContactRow, id, CONTACT), (ContactRow, id, ERASURE)])
        if erasure is not None:
            found: ContactRow = erasure
            return found
        id = str(row.into) if row is not None and row.into else None
    return None


def forward(
    row: ContactRow, state: State, gone: Sequence[Model] = (), *, puts: Sequence[Model] = (), condition: Any = None
) -> ContactRow:
    """The erasure, further on: rows deleted and what it says of them, together. ContactBusy where another run was
    faster, or somebody writes one of the rows right now."""
    after = ContactRow(id=row.id, item=ERASURE, service=row.service, data=state, version=int(row.version) + 1)
    writes = transaction()
    writes.save(after, condition=ContactRow.version == int(row.version))
    for one in puts:
        writes.save(one)
    for one in gone:
        writes.delete(one, condition=condition)
    if not committed(writes):
        raise ContactBusy(str(row.id))
    return after


def counted(state: State, **more: int) -> State:
    """The state with more of each counted."""
    counts = dict(state["counts"])
    for what, n in more.items():
        if n:
            counts[what] = counts.get(what, 0) + n
    return state | {"counts": counts}


def identities(state: State, service: str) -> list[Model]:
    """Rows of the identities that still lead to the erased; one that is somebody else's by now is theirs."""
    keys = [(identity_key(service, kind, value), IDENTITY) for kind, value in state["identities"]]
    return [row for row in read_all(keys) if row is not None and str(row.contact) in state["people"]]


def name_words(row: ContactRow, state: State) -> list[ContactRow]:
    """What still leads to the erased by their name, where nobody has taken it away since their mark stood."""
    return [one for name in state.get("names", ()) for one in names.of_person(str(row.service), str(row.id), name)]


def dead_letters(texts: Iterable[str]) -> list[Failure]:
    """Dead letters that hold one of these texts, each as a whole. There are few, so all are looked at."""
    wanted = [json.dumps(text) for text in texts]
    rows = Failure.query(FAILURES, consistent_read=True) if wanted else ()
    holding = (row for row in rows if any(text in json.dumps(row.body) for text in wanted))
    return list(islice(holding, MOST_ROWS))


def telling(state: State) -> list[str]:
    """Identities that nobody else's words are likely to be."""
    return [value for kind, value in state["identities"] if kind in (EMAIL, PHONE, CHANNEL) or len(value) >= _TELLING]


def marks(state: State) -> list[ContactRow]:
    """Marks for the contacts that were merged into the erased one."""
    rows = reads.get_all([(ContactRow, id, CONTACT) for id in state["people"][1:]])
    return [_mark(row) for row in rows if row is not None and row.data is not None]


def of_partition(contact: str, prefix: str, *, limit: int) -> list[ContactRow]:
    """Rows of a contact's partition that begin with a prefix."""
    return list(ContactRow.query(contact, ContactRow.item.startswith(prefix), limit=limit, consistent_read=True))


def _mark(row: ContactRow) -> ContactRow:
    version = int(row.version or 0) + 1
    return ContactRow(id=row.id, item=CONTACT, service=row.service, into=row.into, version=version)


def parts_of(thread: dict[str, Any]) -> tuple[Part, ...]:
    """The person's parts of a thread; a row of the version before has no list of them."""
    if "parts" in thread:
        return read(thread["parts"])
    return (Part(upto=int(thread["upto"]), conversations_upto=int(thread["numbers"])),)


def messages_of(thread: dict[str, Any], *, limit: int) -> list[MessageRow]:
    """The first messages of a thread that are the person's."""
    found: list[MessageRow] = []
    for part in parts_of(thread):
        if not found and part.after < part.upto:
            mine = MessageRow.seq.between(part.after + 1, part.upto)
            found = list(MessageRow.query(thread["id"], mine, limit=limit, consistent_read=True))
    return found


def conversations_of(thread: dict[str, Any], *, limit: int) -> list[ThreadRow]:
    """The first conversations on a thread that are the person's."""
    found: list[ThreadRow] = []
    for part in parts_of(thread):
        first, last = part.conversations_after + 1, min(part.conversations_upto, MOST_CONVERSATIONS)
        if not found and first <= last:
            mine = ThreadRow.item.between(conversation_item(first), conversation_item(last))
            found = list(ThreadRow.query(thread["id"], mine, limit=limit, consistent_read=True))
    return found


def tells_of(row: DeliveryRow, thread: dict[str, Any]) -> bool:
    """Whether a delivery tells of a message of the person's."""
    seq = int((row.notice or {}).get("seq", 0))
    return any(part.after < seq <= part.upto or seq == part.after == 0 for part in parts_of(thread))
