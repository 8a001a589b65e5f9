"""By when something is due of which only a desk's open time counts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deciding.opening_hours import DAYS, due_after, week_of

BERLIN = "Europe/Berlin"
OFFICE = {day: ["09:00-12:00", "13:00-17:00"] for day in DAYS[:5]}
NIGHT = {"fri": ["22:00-06:00"], "sat": ["05:00-07:00"]}


def at(text: str) -> int:
    """A time in Berlin, in milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "within_s", "hours", "due"),
    [
        ("2026-11-20 10:00", 600, {}, "2026-11-20 10:10"),
        ("2026-11-20 10:00", 600, OFFICE, "2026-11-20 10:10"),
        ("2026-11-20 11:50", 1200, OFFICE, "2026-11-20 13:10"),
        ("2026-11-20 11:50", 600, OFFICE, "2026-11-20 12:00"),
        ("2026-11-20 18:00", 600, OFFICE, "2026-11-23 09:10"),
        ("2026-11-21 10:00", 8 * 3600, OFFICE, "2026-11-24 10:00"),
        ("2026-11-21 01:00", 5 * 3600, NIGHT, "2026-11-21 06:00"),
        ("2026-11-21 01:00", 7 * 3600, NIGHT, "2026-11-27 23:00"),
        # The hour that comes twice is open twice, the one that is left out is not there.
        ("2026-10-25 00:00", 4 * 3600, {"sun": ["00:00-24:00"]}, "2026-10-25 03:00"),
        ("2026-03-29 00:00", 4 * 3600, {"sun": ["00:00-24:00"]}, "2026-03-29 05:00"),
        ("2026-11-20 10:00", 600, {"mon": []}, "2026-11-20 10:10"),
    ],
)
def test_only_open_time_counts(start: str, within_s: int, hours: dict[str, list[str]], due: str) -> None:
    assert due_after(at(start), within_s, week_of(hours), BERLIN) == at(due)


_SPANS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).map(
        lambda span: f"{span[0] // 60:02d}:{span[0] % 60:02d}-{span[1] // 60:02d}:{span[1] % 60:02d}"
    ),
    max_size=3,
)


@given(st.dictionaries(st.sampled_from(DAYS), _SPANS), st.integers(0, 10**12), st.integers(1, 10**6))
def test_whatever_the_hours_it_comes_to_an_end(hours: dict[str, list[str]], start_ms: int, within_s: int) -> None:
    week = week_of(hours)
    due = due_after(start_ms, within_s, week, BERLIN)
    assert due >= start_ms + within_s * 1000 or (week and due > start_ms + 390 * 86_400_000)
    assert due_after(start_ms, within_s + 60, week, BERLIN) >= due
