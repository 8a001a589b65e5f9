"""When a desk is open, and by when something is due of which only open time counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_MOST_DAYS = 400
"""Looked through for what is due: whoever is open for a minute a week may not count for years."""
Week = tuple[tuple[tuple[int, int], ...], ...]
"""For each day from Monday on: from and until when, in minutes of that day; until may lie in the next."""


def week_of(given: Mapping[str, Sequence[str]] | None) -> Week:
    """The week as an owner writes it, `{"mon": ["09:00-12:30", "22:00-06:00"], ...}`; () where it names no time."""
    days = tuple(tuple(sorted(map(_span, (given or {}).get(day) or ()))) for day in DAYS)
    return days if any(days) else ()


def _span(text: str) -> tuple[int, int]:
    begins, ends = (int(hour) * 60 + int(minute) for hour, minute in (one.split(":") for one in text.split("-")))
    # What ends before it begins ends on the next day.
    return begins, ends if ends > begins else ends + _DAY


def due_after(start_ms: int, within_s: int, week: Week, zone: str) -> int:
    """When so many seconds of open time have passed, in milliseconds; without hours all time counts."""
    if not week:
        return start_ms + within_s * 1000
    where, left, upto = ZoneInfo(zone or "UTC"), within_s * 1000, start_ms
    first = datetime.fromtimestamp(start_ms / 1000, where).date() - timedelta(days=1)
    for day in (first + timedelta(days=n) for n in range(_MOST_DAYS)):
        for begins, ends in week[day.weekday()]:
            opens, closes = max(upto, _at(day, begins, where)), _at(day, ends, where)
            if closes - opens >= left:
                return opens + left
            left -= max(0, closes - opens)
            upto = max(upto, closes)
    return upto


def _at(day: date, minutes: int, where: ZoneInfo) -> int:
    """A time of a day as its clocks show it, in milliseconds since the epoch."""
    # Adding to a time of a zone moves its clocks, whatever they do at night.
    return int((datetime.combine(day, time(), where) + timedelta(minutes=minutes)).timestamp() * 1000)
