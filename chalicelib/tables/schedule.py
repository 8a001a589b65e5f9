"""Table `schedule`: what falls due later. `release_due` queries each slot for what is due; nothing scans.

TTL removes a row a day after it fell due, as a net only: TTL may be days late and is no timer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.domain.tasks import LaneWatch
from chalicelib.ports import queues
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute


class Due(Model):
    """A task and when it falls due."""

    class Meta:
        table_name = settings().table("schedule")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    slot = UnicodeAttribute(hash_key=True)
    due_id = UnicodeAttribute(range_key=True)
    queue = UnicodeAttribute()
    task = PlainAttribute()
    expires = NumberAttribute()
    """TTL, in seconds since the epoch."""


def slot_of(id: str) -> int:
    """The partition that a task is kept in."""
    return zlib.crc32(id.encode()) % settings().release_slots


def keep(*, id: str, due_ms: int, queue: str, task: dict[str, Any]) -> None:
    """Keep a task until it is due; the same id and time again is the same row."""
    row_of(id=id, due_ms=due_ms, queue=queue, task=task).save()


def row_of(*, id: str, due_ms: int, queue: str, task: dict[str, Any]) -> Due:
    """A task's row, for whoever stores it together with something else."""
    return Due(
        slot=str(slot_of(id)),
        due_id=f"{due_ms:013d}#{id}",
        queue=queue,
        task=task,
        expires=due_ms // 1000 + 86_400 * 30,
    )


def due_before(slot: int, before_ms: int) -> Iterator[Due]:
    """What falls due in a slot before a time, earliest first."""
    return iter(Due.query(str(slot), Due.due_id < f"{before_ms:013d}", consistent_read=True))


AHEAD_MS = queues.MOST_DELAY_S * 1000
"""`release_due` runs each minute and looks this far ahead: a pass that comes late makes nothing late."""


def later(*, id: str, due_ms: int, now_ms: int, queue: str, task: dict[str, Any]) -> None:
    """Have a task on a standard queue when it is due: kept in the table first, handed over at once if that is soon."""
    row = row_of(id=id, due_ms=due_ms, queue=queue, task=task)
    row.save()
    soon(row, now_ms=now_ms)


def again(*, id: str, due_ms: int, queue: str, task: dict[str, Any]) -> None:
    """Have a task that puts itself again, for as long as something lasts, when it is next due.

    Only by the table: `release_due` then begins a chain of messages anew each time, so that none has no end. AWS takes
    one of some sixteen for a mistake and drops it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
    Price: what is due within the minute may be as late as the next pass.
    """
    keep(id=id, due_ms=due_ms, queue=queue, task=task)


def soon(row: Due, *, now_ms: int) -> None:
    """Hand a task over at once that was stored and is due before `release_due` is sure to have looked at it."""
    if int(str(row.due_id)[:13]) - now_ms <= AHEAD_MS:
        hand_over(row, now_ms=now_ms)


def hand_over(row: Due, *, now_ms: int) -> None:
    """Put a task on its queue to the second, then forget it: cut off between, it runs twice and never not at all."""
    delay_s = max(0, -(-(int(str(row.due_id)[:13]) - now_ms) // 1000))
    queues.send(str(row.queue), [queues.Entry(dict(row.task), delay_s=delay_s)])
    row.delete()


WATCH_MS = 300_000
"""This long after something was to move a lane, somebody looks whether it was moved."""


def watch(
    lane: str, *, head: str = "", attempt: int = 0, dead: int = 0, after_ms: int, wait_ms: int = WATCH_MS
) -> None:
    """Have somebody look whether a lane moves on: by the attempt of its head that is due at `after_ms`, or by the
    wake-up of it that died then, the `dead`-th. Nothing else would, if it were the lane's last."""
    task = LaneWatch(lane=lane, head=head, attempt=attempt, dead=dead).plain()
    keep(id=f"watch:{lane}:{head}:{attempt}", due_ms=after_ms + wait_ms, queue="timers", task=task)
