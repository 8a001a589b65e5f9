"""When a schedule falls due: at intervals, by cron, or once.

An interval counts elapsed time from when the schedule was set, so no change of the clocks moves it. Cron is read in a
time zone as Debian's cron does: what falls into the hour that is left out runs once, right after it; what falls into
the hour that comes twice runs once, except where minutes or hours are `*`, which follow the time that elapses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_MINUTE_MS = 60_000
_UNITS = {"m": 1, "h": 60, "d": 60 * 24, "w": 60 * 24 * 7}
_EVERY = re.compile(r"every +([0-9]{1,6}) *([mhdw])", re.IGNORECASE)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})")
_MOST_MINUTES = 366 * 24 * 60
_MOST_CHARACTERS = 200
NEVER = "never"
NAMES = {
    "quarterhourly": "*/15 * * * *",
    "halfhourly": "*/30 * * * *",
    "hourly": "0 * * * *",
    "twicedaily": "0 0,12 * * *",
    "daily": "0 0 * * *",
    "twiceweekly": "0 0 * * 1,4",
    "weekly": "0 0 * * 1",
    "twicemonthly": "0 0 1,15 * *",
    "monthly": "0 0 1 * *",
}
"""ChatBotKit's names for intervals (`triggerSchedule`), each as the cron that it stands for here."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A schedule that was read; one of the three is set, or none where it never falls due."""

    every_ms: int = 0
    cron: str = ""
    once_ms: int = 0

    def after(self, moment_ms: int, *, anchor_ms: int, zone: str) -> int | None:
        """The first time later than a moment, in milliseconds since the epoch; None where there is none.

        `anchor_ms` is when the schedule was set (intervals count from it), `zone` an IANA time zone (of cron).
        """
        if self.every_ms:
            elapsed = max(0, moment_ms - anchor_ms)
            return anchor_ms + (elapsed // self.every_ms + 1) * self.every_ms
        if self.cron:
            return _next(self.cron, moment_ms, zone)
        return self.once_ms if self.once_ms > moment_ms else None


def read(text: str) -> Recurrence:
    """A schedule from what an owner wrote; ValueError with a sentence for people where it is none."""
    spelled = " ".join(text.split())
    if len(spelled) > _MOST_CHARACTERS:
        raise ValueError(f"must have at most {_MOST_CHARACTERS} characters")
    if spelled.lower() == NEVER:
        return Recurrence()
    if name := NAMES.get(spelled.lower()):
        return Recurrence(cron=name)
    if interval := _EVERY.fullmatch(spelled):
        minutes = int(interval[1]) * _UNITS[interval[2].lower()]
        if not 1 <= minutes <= _MOST_MINUTES:
            raise ValueError("must be every 1m at least and every 366d at most")
        return Recurrence(every_ms=minutes * _MINUTE_MS)
    if _TIME.fullmatch(spelled):
        return Recurrence(once_ms=_moment(spelled))
    if spelled.count(" ") == 4:
        if _next(spelled, 0, "UTC") is None:
            raise ValueError("never falls due")
        return Recurrence(cron=spelled)
    raise ValueError("must be `every 15m` (m, h, d, w), cron of five fields, or an RFC 3339 time with a zone")


def _moment(text: str) -> int:
    try:
        at = datetime.fromisoformat(text.upper().replace(" ", "T"))
        moment = int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError("is no time of the calendar") from None
    if not 0 < moment < 10**13:
        raise ValueError("is no time that can be kept")
    return moment


def _times(expression: str, start: datetime) -> Iterator[datetime]:
    """The times of a cron expression after one; ValueError where it is none."""
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(expression, start)
    except CronSimError as error:
        raise ValueError(f"is no cron of five fields: {error}") from None
    except (AssertionError, TypeError, IndexError):
        # Combinations that the library reads and cannot follow.
        raise ValueError("is no cron of five fields") from None


def _next(expression: str, moment_ms: int, zone: str) -> int | None:
    start = datetime.fromtimestamp(moment_ms // 1000, ZoneInfo(zone))
    # In an hour that comes twice, the library names the first of the two also while the second is under way.
    moments = (int(at.timestamp() * 1000) for at in _times(expression, start))
    return next((moment for moment in moments if moment > moment_ms), None)
