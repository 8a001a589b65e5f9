"""From a change of a row to what is told of it: what `announce` does with each, and `fire_timer` when one has to be
done again.

Read from the streams of `threads`, `contacts` and `endpoints`: what is written is announced, whoever wrote it. A cut
anywhere has the record come again; every id below comes from the record, so twice is once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.announcing.tell import tell_all
from chalicelib.domain import event as kinds
from chalicelib.domain import row_changes
from chalicelib.domain.event import Event
from chalicelib.domain.lane import stream_key
from chalicelib.domain.platform_event import PlatformEvent
from chalicelib.domain.row_changes import Contact, Merged, Webhook
from chalicelib.domain.thread import Conversation
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import config, links, names
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.endpoints import Endpoint
from chalicelib.tables.threads import ThreadRow

_MERGE = "merge#"


def announce(table: str, name: str, change: dict[str, Any], *, again: bool = False) -> list[str]:
    """Tell what a change means; gives the types of the events. `name` is INSERT or MODIFY, `change` the stream
    record's `dynamodb`. `again`: long after its turn, so what came after it was told before it."""
    if name == "REMOVE" or not row_changes.concerns(table, _item(change), name):
        return []
    at = int(float(change["ApproximateCreationDateTime"]) * 1000)
    if table == "threads":
        # Among rows that are finished, one of an earlier place would never be found.
        return _conversation(change, at, position="" if again else stream_key(change["SequenceNumber"]))
    return _contact(change, at, again=again) if table == "contacts" else _endpoint(change, at)


def _conversation(change: dict[str, Any], at: int, *, position: str) -> list[str]:
    before, after = _rows(ThreadRow, change)
    was = Conversation.of(before.state) if before is not None else None
    events = row_changes.to_conversation(was, Conversation.of(after.state), at=at, rfc3339=clock.rfc3339)
    tell_all(events, position=position)
    return [event.type for event in events]


def _contact(change: dict[str, Any], at: int, *, again: bool) -> list[str]:
    before, after = _rows(ContactRow, change)
    if str(after.item).startswith(_MERGE):
        return _told(row_changes.to_merge(_merged(after), at=at))
    # Of one that is told late, its name as it is by now: it may be another's, or nobody's.
    names.follow(before, names.current(after) if again else after)
    was, now = _person(before) if before is not None else None, _person(after)
    cause = str(change["SequenceNumber"])
    if row_changes.threads_hear(was, now):
        _tell_threads(now, cause=cause, at=at)
    return _told(row_changes.to_contact(was, now, cause=cause, at=at, rfc3339=clock.rfc3339))


def _endpoint(change: dict[str, Any], at: int) -> list[str]:
    before, after = _rows(Endpoint, change)
    was, now = _webhook(before) if before is not None else None, _webhook(after)
    cause = str(change["SequenceNumber"])
    if not row_changes.to_webhook(was, now, cause=cause, at=at):
        return []
    kind = config.kind_by_id(now.id)
    row = config.get(kind, now.id) if kind else None
    now = replace(now, about={"kind": kind, "name": row.name if row is not None else None})
    # It cannot be told by itself that it fails; that it is back, it knows.
    return _told(row_changes.to_webhook(was, now, cause=cause, at=at), unheard=now.id)


def _told(events: list[PlatformEvent], unheard: str = "") -> list[str]:
    tell_all(events, unheard=unheard)
    return [event.type for event in events]


def _tell_threads(contact: Contact, *, cause: str, at: int) -> None:
    """Have the threads of a contact, and of those merged into it, know it as it stands."""
    known = row_changes.known_of(contact)
    entries: dict[str, list[Entry]] = {}
    for link in links.of([contact.id, *contact.absorbed]):
        if link.conversation:
            continue
        own = {} if link.contact == contact.id else {"person": link.contact}
        event = Event(
            id=ids.from_cause("ev", "contact", cause, link.thread),
            kind=kinds.CONTACT_CHANGED,
            service=contact.service,
            channel=link.channel,
            channel_kind=link.source,
            address="",
            thread=link.thread,
            at=at,
            body={"contact": known | own},
        )
        entry = Entry(event.plain(), group=event.thread, dedup=event.id)
        entries.setdefault(kinds.event_queue(event.channel), []).append(entry)
    for queue, some in entries.items():
        queues.send(queue, some)


def _rows(model: Any, change: dict[str, Any]) -> tuple[Any | None, Any]:
    return tuple(_row(model, change[name]) if name in change else None for name in ("OldImage", "NewImage"))  # type: ignore[return-value]


def _item(change: dict[str, Any]) -> str:
    return str(change["NewImage"].get("item", {}).get("S", ""))


def _row(model: Any, image: dict[str, Any]) -> Any:
    row = model()
    row.deserialize(image)
    return row


def _person(row: ContactRow) -> Contact:
    return Contact(
        id=str(row.id),
        service=str(row.service),
        data=row.data,
        into=str(row.into or ""),
        absorbed=tuple(row.absorbed or ()),
        maybe_same=tuple(row.maybe_same or ()),
        created_at=int(row.created_at or 0),
        updated_at=int(row.updated_at or 0),
    )


def _merged(row: ContactRow) -> Merged:
    return Merged(
        id=str(row.item).removeprefix(_MERGE),
        service=str(row.service),
        contact=str(row.id),
        source=str((row.data or {}).get("from", "")),
    )


def _webhook(row: Endpoint) -> Webhook:
    return Webhook(
        id=str(row.id),
        service=config.service_of(str(row.id)),
        status=str(row.status),
        failures=int(row.failures or 0),
    )
