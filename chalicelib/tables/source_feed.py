"""Everything that came from one source, whoever said it and to whom, also where nobody knows the person.

The index has keys only and several parts; the newest of all parts are found first, then their rows are read together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Any

from chalicelib.domain.message import Message
from chalicelib.tables import batch_get
from chalicelib.tables.history import at_once
from chalicelib.tables.messages import MessageRow, feeds, of_row

Place = tuple[str, str, int]
"""A message's position, thread and number: no two messages have the same."""


def newest(
    services: Sequence[str], source: str, *, limit: int, before: Place | None = None
) -> tuple[list[Message], Place | None]:
    """(the last messages of a source in some services before a place, newest first, at most 100; the place of the last
    one, where there may be more before it). Two rounds of reads, the first of four queries for each service. An index
    shows a message some moments after it was written."""
    rows, place = _newest(services, [source], limit, before, consistent=True)
    return [of_row(row) for row in rows], place


def newest_with_state(
    services: Sequence[str], sources: Sequence[str], *, limit: int, before: Place | None = None
) -> tuple[list[tuple[Message, dict[str, Any]]], Place | None]:
    """The same of several sources together, each with the thread's state after it, for half the units: as the rows
    stood a moment ago."""
    rows, place = _newest(services, sources, limit, before, consistent=False)
    return [(of_row(row), dict(row.after or {})) for row in rows], place


def _newest(
    services: Sequence[str], sources: Sequence[str], limit: int, before: Place | None, *, consistent: bool
) -> tuple[list[MessageRow], Place | None]:
    parts = at_once(
        [
            partial(lambda feed: list(islice(_places(feed, limit, before), limit + 1)), feed)
            for service in services
            for source in sources
            for feed in feeds(service, source)
        ]
    )
    places = list(islice(heapq.merge(*parts, reverse=True), limit + 1))
    shown = places[:limit]
    keys = [(MessageRow, thread, str(seq)) for _, thread, seq in shown]
    rows = batch_get.get_all(keys, consistent=consistent) if keys else []
    # A row that was erased since has its entry a moment longer.
    return [row for row in rows if row is not None], shown[-1] if len(places) > limit else None


def _places(feed: str, limit: int, before: Place | None) -> Iterator[Place]:
    """The places of a part before one, newest first; those of one position in the order of their threads."""
    rows: Any = MessageRow.by_source.query(
        feed,
        MessageRow.position <= before[0] if before else None,
        page_size=limit + 2,
        scan_index_forward=False,
    )
    for _, same in groupby(rows, key=lambda row: row.position):
        places = sorted(((str(row.position), str(row.thread), int(row.seq)) for row in same), reverse=True)
        yield from (place for place in places if before is None or place < before)
