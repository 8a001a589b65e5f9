"""Table `figures`: what was counted of each service in each quarter of an hour, and of which facts that was; and when
webhooks failed.

A fact counts once: its mark stands in a row of marks (`seen#<minutes>`, of the five minutes of its own time), which is
written together with the figures. So it makes no difference how often, in which pieces or in which order facts come.
Marks end by themselves after a month; what is older is not counted any more, as nobody can tell whether it was.

A day is added up once it is long over (`day#<time>`), so that a year is not read by quarters of an hour. What
is counted of a day that is over has it added up anew.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.domain.episode import Episode
from chalicelib.domain.figures import DAY_MS, Fact, Figures, add, step_of, total
from chalicelib.domain.resource_id import service_of
from chalicelib.ports.settings import settings
from chalicelib.tables import batch_get
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.writes import committed, rounds, same_by_whomever, saved, transaction

MARKS_MS = 300_000
"""Marks of so long lie in one row: in a few kilobytes while thousands are counted in a minute."""
MOST_MARKS = 2000
"""With so many a row is full, and others begin another: each write costs 2 W for each KB of it."""
_MARK = 10
"""Signs of a mark, of 64 each."""
KEEP_S, KEEP_MARKS_S = 400 * 86_400, 30 * 86_400
_OLDEST_MS = 29 * DAY_MS
_LATE_MS, _OVER_MS = 25 * 3_600_000, 26 * 3_600_000
"""What comes so long after its day is late: no stream keeps anything for so long. A day is added up an hour later, when
whatever was not late is there."""
_STEP, _DAY, _SEEN, _ADDED_UP, _FARE = "step#", "day#", "seen#", "days", "fare#"


class FigureRow(Model):
    """The figures of a step or day, the marks of facts that were counted, or a webhook's episode."""

    class Meta:
        table_name = settings().table("figures")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    service = UnicodeAttribute(hash_key=True)
    step = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    """How often it was written: of two who count, one notices."""
    data = PlainAttribute(null=True)
    """`domain.figures.Figures`, or `domain.episode.Episode` as plain data."""
    marks = UnicodeSetAttribute(null=True)
    expires = NumberAttribute()
    """TTL, in seconds since the epoch."""


class FiguresBusy(Exception):
    """Others write the same figures again and again; the stream brings the facts again."""


def count(service: str, facts: Sequence[Fact], *, now_ms: int) -> int:
    """Count the facts of a service's step that were not counted yet; gives how many these were.

    Cut off before days are added up, a late fact comes again and has it done; else the service's next step does."""
    step = step_of(facts[0].at)
    if step < now_ms - _OLDEST_MS:
        return 0
    new, first = _count(service, step, facts)
    day = step_of(step, DAY_MS)
    if now_ms >= day + DAY_MS + _LATE_MS:
        _add_up(service, day)
    elif first:
        _add_up_days(service, now_ms)
    return new


def _count(service: str, step: int, facts: Sequence[Fact]) -> tuple[int, bool]:
    """(how many were new, whether they are the first of their step)."""
    by_row: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        by_row.setdefault(f"{_SEEN}{_text(step_of(fact.at, MARKS_MS))}", {})[_mark(fact.id)] = fact
    for _ in rounds():
        (row,) = batch_get.get_all([(FigureRow, service, _step_key(step))])
        seen = _seen(service, [*by_row])
        new = {
            name: {mark: fact for mark, fact in one.items() if not any(mark in _marks(was) for _, was in seen[name])}
            for name, one in by_row.items()
        }
        if not any(new.values()):
            return 0, False
        writes, data = transaction(), dict(row.data or {}) if row is not None else {}
        for name, one in new.items():
            for fact in one.values():
                add(data, fact.counts)
            if one:
                part, was = seen[name][-1]
                expires = step // 1000 + KEEP_MARKS_S
                writes.save(_row(service, part, was, expires, marks={*one} | _marks(was)), condition=_as_read(was))
        writes.save(_row(service, _step_key(step), row, step // 1000 + KEEP_S, data=data), condition=_as_read(row))
        if committed(writes):
            return sum(len(one) for one in new.values()), row is None
    raise FiguresBusy(service)


def _seen(service: str, names: Sequence[str]) -> dict[str, list[tuple[str, FigureRow | None]]]:
    """Name of marks -> their rows with their keys, the last of which is not full, or not there yet."""
    found: dict[str, list[tuple[str, FigureRow | None]]] = {name: [] for name in names}
    keys = {name: name for name in names}
    while keys:
        rows = batch_get.get_all([(FigureRow, service, key) for key in keys.values()])
        for (name, key), row in zip(keys.items(), rows, strict=True):
            found[name].append((key, row))
        keys = {
            name: f"{name}#{len(found[name])}"
            for name, row in zip(keys, rows, strict=True)
            if len(_marks(row)) >= MOST_MARKS
        }
    return found


def _marks(row: FigureRow | None) -> set[str]:
    return set(row.marks or ()) if row is not None else set()


def _add_up_days(service: str, now_ms: int) -> None:
    """Add up the days that have long been over and were not added up yet; then note how far that is done."""
    begun, until = added_up(service), step_of(now_ms - _OVER_MS, DAY_MS)
    if begun >= until:
        return
    for day in sorted({step_of(at, DAY_MS) for at, _ in _read(service, _STEP, begun, until, consistent=True)}):
        _add_up(service, day)
    FigureRow(service, _ADDED_UP, version=until, expires=until // 1000 + KEEP_S).save()


def _add_up(service: str, day: int) -> None:
    """Write a day as the sum of its steps, as they stand."""
    name = f"{_DAY}{_text(day)}"
    for _ in rounds():
        (was,) = batch_get.get_all([(FigureRow, service, name)])
        data = total(one for _, one in _read(service, _STEP, day, day + DAY_MS, consistent=True))
        # Whoever wrote it in between may have read less.
        if saved(_row(service, name, was, day // 1000 + KEEP_S, data=data), _as_read(was), ours=same_by_whomever):
            return
    raise FiguresBusy(service)


def added_up(service: str) -> int:
    """When the first day begins that is not added up; 0: none is."""
    (row,) = batch_get.get_all([(FigureRow, service, _ADDED_UP)])
    return int(row.version) if row is not None else 0


def keep_episode(episode: Episode) -> None:
    """Store a webhook's episode; the same again changes nothing."""
    key = f"{_FARE}{episode.endpoint}#{_text(episode.begun)}"
    expires = episode.ended // 1000 + KEEP_S
    FigureRow(service_of(episode.endpoint), key, version=1, data=episode.plain(), expires=expires).save()


def episodes(endpoint: str, *, since: int, limit: int) -> list[Episode]:
    """The last episodes of a webhook that began since a time, the newest first."""
    begins = f"{_FARE}{endpoint}#"
    between = FigureRow.step.between(f"{begins}{_text(since)}", f"{begins}~")
    rows = FigureRow.query(service_of(endpoint), between, scan_index_forward=False, limit=limit)
    return [Episode.of(row.data) for row in rows]


def read(service: str, *, since: int, before: int) -> Iterator[tuple[int, Figures]]:
    """(when it began, figures) of each step of a service that began in a time and in which something was counted."""
    return _read(service, _STEP, since, before)


def read_days(service: str, *, since: int, before: int) -> Iterator[tuple[int, Figures]]:
    """As `read`, in whole days as far as they are added up; from there on by steps."""
    split = min(max(added_up(service), since), before)
    return chain(_read(service, _DAY, since, split), _read(service, _STEP, split, before))


def _read(
    service: str, begins: str, since: int, before: int, *, consistent: bool = False
) -> Iterator[tuple[int, Figures]]:
    if since >= before:
        return
    between = FigureRow.step.between(f"{begins}{_text(since)}", f"{begins}{_text(before - 1)}")
    for row in FigureRow.query(service, between, consistent_read=consistent):
        yield int(str(row.step).removeprefix(begins)), row.data or {}


def _row(service: str, step: str, was: FigureRow | None, expires: int, **more: Any) -> FigureRow:
    return FigureRow(service, step, version=int(was.version if was is not None else 0) + 1, expires=expires, **more)


def _as_read(row: FigureRow | None) -> Condition:
    return FigureRow.version == row.version if row is not None else FigureRow.version.does_not_exist()


def _mark(id: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(id.encode()).digest()).decode()[:_MARK]


def _step_key(at: int) -> str:
    return f"{_STEP}{_text(at)}"


def _text(at: int) -> str:
    return f"{at:013d}"
