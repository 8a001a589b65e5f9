"""Days, and zones, on which tests run: what holds today has to hold at New Year, on a leap day and in a year.

Each test has its own day of these, chosen by its name, so that every run tries all of them and a failure comes again.
`--day NAME` runs all tests on one, `--day today` on none.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine


@dataclass(frozen=True, slots=True)
class Day:
    """When and where a test believes to be."""

    begins: Callable[[datetime], datetime]
    """The moment at which it begins, from the moment that it is."""
    zone: str
    """Of the process, as its `TZ`."""


def _next_leap_day(now: datetime) -> datetime:
    year = now.year + 1
    while year % 4 or (year % 100 == 0 and year % 400):
        year += 1
    return datetime(year, 2, 29, 11, 59, 59, tzinfo=UTC)


def _clocks_go_on(now: datetime) -> datetime:
    """The last Sunday of the next March, when it is about to be two o'clock, and then three, in Berlin."""
    last = datetime(now.year + 1, 3, 31, 0, 59, 59, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


DAYS: dict[str, Day] = {
    "today": Day(lambda now: now, "UTC"),
    "in-forty-days": Day(lambda now: now + timedelta(days=40), "Asia/Kathmandu"),
    "in-four-hundred-days": Day(lambda now: now + timedelta(days=400), "America/St_Johns"),
    "clocks-go-on": Day(_clocks_go_on, "Europe/Berlin"),
    "leap-day": Day(_next_leap_day, "Pacific/Kiritimati"),
    "new-year": Day(lambda now: datetime(now.year, 12, 31, 23, 59, 59, tzinfo=UTC), "America/Los_Angeles"),
}


def day_of(test: str, asked: str = "") -> str:
    """The name of a test's day: the one that is asked for, else its own."""
    return asked or sorted(DAYS)[zlib.crc32(test.encode()) % len(DAYS)]


@contextmanager
def on(name: str) -> Iterator[None]:
    """Be there; time goes on."""
    day = DAYS[name]
    if name == "today":
        yield
        return
    begins = day.begins(datetime.now(UTC))
    with time_machine.travel(begins.astimezone(ZoneInfo(day.zone)), tick=True):
        yield
