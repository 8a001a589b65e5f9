"""Telling deliveries again: which of a destination's are, and the new row of each.

A replay is a new row in a lane of its own (`<lane>-r`), so that it neither waits for nor holds up what is new. It
goes out under the id of the first delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from chalicelib.domain.lane import queue_of, replay_of, thread_of
from chalicelib.domain.order import Order
from chalicelib.domain.thread import DESK
from chalicelib.ports import ids, queues
from chalicelib.ports.clock import now_ms
from chalicelib.tables import deliveries, threads
from chalicelib.tables.deliveries import DeliveryRow

MINDS_PEOPLE = ("bt_", "ch_")
"""Prefixes of those that hear nothing again of a thread that a person owns: a bot has no business there, and its
customer is spoken with. Desks and who subscribes are told what they missed."""
_BATCH = 100


@dataclass(slots=True)
class Page:
    """What a part of a destination's deliveries comes to."""

    chosen: list[DeliveryRow] = field(default_factory=list)
    """Those that are told again, oldest first."""
    skipped: dict[str, int] = field(
        default_factory=lambda: {"owned_by_desk": 0, "not_finished": 0, "is_replay": 0},
    )
    """How many are not, by reason."""
    next_ms: int | None = None
    """Where the next page begins; None: this was the last."""


def choose(destination: str, since: int, until: int, statuses: Collection[str], *, most: int, examined: int) -> Page:
    """The first deliveries of a time that are finished in one of the statuses: at most about `most` of `examined`.

    A page ends between two milliseconds, so that the next one, which begins with `next_ms`, repeats nothing."""
    page, owners, last = Page(), dict[str, str](), 0
    minds_people = destination.startswith(MINDS_PEOPLE)
    for read, row in enumerate(_between(destination, since, until)):
        at = deliveries.created_ms(row)
        if (len(page.chosen) >= most or read >= examined) and at != last:
            page.next_ms = at
            break
        last = at
        if row.replay_of:
            page.skipped["is_replay"] += 1
        elif row.status in deliveries.UNDONE:
            page.skipped["not_finished"] += 1
        elif row.status not in statuses:
            continue
        elif minds_people and _owner(thread_of(str(row.lane)), owners) == DESK:
            page.skipped["owned_by_desk"] += 1
        else:
            page.chosen.append(row)
    return page


def again(row: DeliveryRow, *, since_ms: int) -> DeliveryRow | None:
    """A new row that repeats this one; the last one that did, while that is still to be told or where it was made after
    `since_ms`. None where the delivery is erased at this moment."""
    lane = replay_of(str(row.lane))
    last = deliveries.get(lane, str(row.replayed_as)) if row.replayed_as else None
    if last is not None and (last.status in deliveries.UNDONE or deliveries.created_ms(last) > since_ms):
        return last
    key = deliveries.name_replay(row, ids.new("re"))
    if not key:
        return None
    first = str(row.replay_of or row.id)
    # What the other side has of it is not sent again; what it took as a whole is.
    done = int(row.done) if row.done and row.status != deliveries.DELIVERED else None
    deliveries.add(lane, key, deliveries.notice_of(row), created_at=now_ms(), replay_of=first, done=done)
    return deliveries.get(lane, key)


def wake(rows: Collection[DeliveryRow]) -> None:
    """Have the lanes of new rows pumped."""
    last = {str(row.lane): row for row in rows}
    for lane, row in last.items():
        queues.send(queue_of(lane), [queues.Entry(Order(lane).plain(), group=lane, dedup=row.id)])


def _between(destination: str, since: int, until: int) -> Iterator[DeliveryRow]:
    keys = DeliveryRow.by_destination.query(destination, DeliveryRow.created.between(f"{since:013d}", f"{until:013d}~"))
    batch: list[tuple[str, str]] = []
    for key in keys:
        batch.append((str(key.lane), str(key.key)))
        if len(batch) == _BATCH:
            yield from deliveries.rows_of(batch)
            batch = []
    yield from deliveries.rows_of(batch)


def _owner(thread_id: str, owners: dict[str, str]) -> str:
    if thread_id not in owners:
        thread = threads.get(thread_id)
        owners[thread_id] = thread.owner if thread else ""
    return owners[thread_id]
