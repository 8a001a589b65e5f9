"""Telling `converse` that a person is erased, now and then, until it has marked each of their threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.domain.event import CONTACT_ERASED, Event, event_queue
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import threads
from chalicelib.tables.contact_rows import ContactRow

TELL_AGAIN_S = 900
"""After this a thread that is not marked is told again, as its event may be a dead letter; then after twice as long
each time. Each that is not heard is one more of those: seven of a thread in a day, while `converse` is broken."""
Told = Mapping[str, Sequence[int]]
"""Of each thread that waits to be marked: how often it was told, and when last in milliseconds since the epoch. The
message of the erasure carries it, so that a new one, of somebody who asks again, tells at once."""


def tell(erasure: ContactRow, waiting: Iterable[dict[str, Any]], told: Told) -> Told:
    """Tell of those threads (as an erasure keeps them) that were not told lately; gives what was told by now."""
    now = clock.now_ms()
    after: dict[str, Sequence[int]] = {}
    for thread in waiting:
        times, at = map(int, told.get(thread["id"], (0, 0)))
        if not times or now >= at + (TELL_AGAIN_S << (times - 1)) * 1000:
            event = _event(erasure, thread, now)
            queues.send(event_queue(event.channel), [Entry(event.plain(), group=event.thread, dedup=event.id)])
            times, at = times + 1, now
        after[thread["id"]] = [times, at]
    return after


def _event(erasure: ContactRow, thread: dict[str, Any], now: int) -> Event:
    found = threads.get(thread["id"])
    return Event(
        id=ids.from_cause("ev", "erase", str(erasure.id), thread["id"]),
        kind=CONTACT_ERASED,
        service=str(erasure.service),
        channel=thread["channel"],
        channel_kind=found.channel_kind if found else thread["source"],
        address="",
        thread=thread["id"],
        at=now,
        body={"erasure": str(erasure.id), "people": erasure.data["people"]},
    )
