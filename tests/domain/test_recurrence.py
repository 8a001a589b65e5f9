"""When schedules fall due, above all where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import recurrence

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def due(schedule: str, start: str, zone: str, n: int) -> list[str]:
    """The next n times, as clocks in the zone show them (month-day hour:minute and offset)."""
    read, moment = recurrence.read(schedule), int(datetime.fromisoformat(start).timestamp() * 1000)
    anchor, found = moment, []
    for _ in range(n):
        following = read.after(moment, anchor_ms=anchor, zone=zone)
        assert following is not None
        moment = following
        found.append(datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).strftime("%m-%d %H:%M %z"))
    return found


@pytest.mark.parametrize(
    ("schedule", "start", "zone", "expected"),
    [
        # Spring: 02:00 to 03:00 does not exist, so 02:30 is made up for at 03:00, once.
        ("30 2 * * *", "2026-03-28T12:00+01:00", BERLIN, ["03-29 03:00 +0200", "03-30 02:30 +0200"]),
        ("30 2 * * *", "2026-03-07T12:00-05:00", NEW_YORK, ["03-08 03:00 -0400", "03-09 02:30 -0400"]),
        # Autumn: in Berlin 02:30 comes twice and is due once; in New York it is 01:30 that comes twice.
        ("30 2 * * *", "2026-10-24T12:00+02:00", BERLIN, ["10-25 02:30 +0200", "10-26 02:30 +0100"]),
        ("30 2 * * *", "2026-10-31T12:00-04:00", NEW_YORK, ["11-01 02:30 -0500", "11-02 02:30 -0500"]),
        ("30 1 * * *", "2026-10-31T12:00-04:00", NEW_YORK, ["11-01 01:30 -0400", "11-02 01:30 -0500"]),
        # Asked while the hour is there for the second time: what was due in the first is not due again.
        ("30 2 * * *", "2026-10-25T02:10+01:00", BERLIN, ["10-26 02:30 +0100"]),
        # Each half hour that elapses, so four in the two hours between 02 and 03.
        (
            "*/30 * * * *", "2026-10-25T02:00+02:00", BERLIN,
            ["10-25 02:30 +0200", "10-25 02:00 +0100", "10-25 02:30 +0100", "10-25 03:00 +0100"],
        ),
        ("*/30 * * * *", "2026-03-29T01:30+01:00", BERLIN, ["03-29 03:00 +0200", "03-29 03:30 +0200"]),
        # Intervals know no clocks.
        ("every 12h", "2026-10-24T14:00+02:00", BERLIN, ["10-25 02:00 +0200", "10-25 13:00 +0100"]),
        ("every 1d", "2026-03-28T09:00+01:00", BERLIN, ["03-29 10:00 +0200", "03-30 10:00 +0200"]),
        ("weekly", "2026-11-21T00:00+01:00", BERLIN, ["11-23 00:00 +0100", "11-30 00:00 +0100"]),
        ("QuarterHourly", "2026-11-21T00:01+00:00", "Asia/Kathmandu", ["11-21 06:00 +0545", "11-21 06:15 +0545"]),
    ],
)  # fmt: skip
def test_clocks_that_change(schedule: str, start: str, zone: str, expected: list[str]) -> None:
    assert due(schedule, start, zone, len(expected)) == expected


def test_once_is_once() -> None:
    at = recurrence.read("2026-12-24T18:00:00+01:00")
    moment = int(datetime(2026, 12, 24, 17, tzinfo=UTC).timestamp() * 1000)

    assert at.after(moment - 1, anchor_ms=0, zone="UTC") == moment
    assert at.after(moment, anchor_ms=0, zone="UTC") is None
    assert recurrence.read("never").after(0, anchor_ms=0, zone="UTC") is None


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "soon", "every", "every 0m", "every 30s", "every 400d", "every 1.5h", "every -1h", "60 * * * *",
     "* * * *", "* * * * * *", "@daily", "0 0 30 2 *", "0 0 31 4,6 *", "1L/2 * * * *", "* * * * 9", "*/0 * * * *",
     "٣ * * * *", "2026-02-30T10:00:00Z", "2026-12-24T18:00:00", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00",
     "x" * 5000],
)  # fmt: skip
def test_what_is_no_schedule(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recurrence.read(wrong)


NUMBERS = st.integers(0, 59).map(str)
PARTS = st.sampled_from(["*", "*/7", "0", "1", "2", "5-9", "1,3", "L", "LW", "1L", "1#5", "29", "30", "31", "*/0", "x"])


@settings(max_examples=60, deadline=None)
@given(
    spelled=st.lists(PARTS | NUMBERS, min_size=5, max_size=5).map(" ".join)
    | st.sampled_from([*recurrence.NAMES, "every 7m", "every 3d"])
    | st.text(max_size=20),
    zone=st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "UTC"]),
    hours=st.integers(0, 24 * 365 * 6),
)
def test_what_is_read_goes_on_and_never_back(spelled: str, zone: str, hours: int) -> None:
    try:
        read = recurrence.read(spelled)
    except ValueError:
        return
    start = datetime(2024, 1, 1, 0, 17, 31, 500_000, tzinfo=UTC)
    anchor = int(start.timestamp() * 1000)
    moment = int((start + timedelta(hours=hours)).timestamp() * 1000)
    for _ in range(3):
        following = read.after(moment, anchor_ms=anchor, zone=zone)
        if following is None:
            assert read.once_ms or read == recurrence.Recurrence()
            return
        assert following > moment
        # What is asked in between gives the same time.
        assert read.after((moment + following) // 2, anchor_ms=anchor, zone=zone) == following
        moment = following
