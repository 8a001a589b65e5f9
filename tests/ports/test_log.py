"""One line a step: every field that a step gives arrives, nothing twice, and nothing of a message's text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.ports import log
from infra.logs import readable


def written(caplog: pytest.LogCaptureFixture) -> str:
    """The last line as it goes to the log."""
    return log.logger().registered_formatter.format(caplog.records[-1])


def last(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Its fields."""
    found: dict[str, Any] = json.loads(written(caplog))
    return found


def test_a_steps_line_has_what_the_step_says_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    log.step("converse", thread="th_1", message="ms_1", event="ev_1", attempt=2, took_ms=7, error=None, trace="")
    line = last(caplog)
    at = line.pop("timestamp")
    # The form that Lambda reads a line's time from.
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at)
    wanted = {"level": "INFO", "step": "converse", "thread_id": "th_1", "message_id": "ms_1", "event_id": "ev_1"}
    assert line == wanted | {"attempt": 2, "took_ms": 7}


def test_metrics_are_fields_that_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    log.step("deliver", metrics=("age_ms", "attempt_failed"), lane="l", age_ms=12, attempt_failed=0, took_ms=3)
    line = last(caplog)
    assert (line["age_ms"], line["attempt_failed"], line["took_ms"]) == (12, 0, 3)
    assert line["_aws"]["Timestamp"] > 1_500_000_000_000
    [counted] = line["_aws"]["CloudWatchMetrics"]
    assert counted["Namespace"] == "Parley"
    assert counted["Metrics"] == [{"Name": "age_ms"}, {"Name": "attempt_failed"}]
    assert counted["Dimensions"] == [["step", "stage"]]
    assert {"step", "stage"} <= line.keys()


def test_a_crash_says_what_it_was_of_and_carries_the_exception(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("no such thing")
    except ValueError:
        log.crash("converse", thread="th_1")
    line = last(caplog)
    assert (line["level"], line["step"], line["thread_id"]) == ("ERROR", "converse", "th_1")
    assert "no such thing" in line["exception"]


def test_a_person_reads_it_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    log.step("deliver", metrics=("age_ms",), thread="th_1", attempt=2, age_ms=240, took_ms=31)
    shown = readable(written(caplog), name="deliver", at_ms=0, colour=False)
    assert shown is not None
    assert shown.split()[1:] == ["deliver", "th_1", "attempt=2", "age_ms=240", "31", "ms"]
