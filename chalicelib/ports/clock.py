"""The time, in the two forms that the wire and the tables use."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


def pause(seconds: float) -> None:
    """Let time pass for whoever waits on another step."""
    time.sleep(seconds)


def rfc3339(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds, as every time of the API: `2026-11-21T01:23:45.678Z`."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def from_rfc3339(text: str) -> int:
    """Milliseconds since the epoch; ValueError for what is no RFC 3339 time with a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return int(at.timestamp() * 1000)


def time_of_rows(text: str) -> int:
    """As `from_rfc3339`, to look for rows by: not before 1970, as keys of times are no negative numbers, and nothing is
    that old."""
    return max(0, from_rfc3339(text))
