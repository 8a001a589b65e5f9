"""One line a step: every field that a step gives arrives, and nothing of a message's text."""

from __future__ import annotations

import json

import pytest

from chalicelib.ports import log


def test_a_steps_line(caplog: pytest.LogCaptureFixture) -> None:
    log.step("converse", thread="th_1", message="ms_1", event="ev_1", attempt=2, took_ms=7, error=None)
    line = caplog.records[-1].__dict__
    wanted = {"step": "converse", "thread_id": "th_1", "message_id": "ms_1", "event_id": "ev_1", "attempt": 2}
    assert line | wanted == line
    assert line["took_ms"] == 7 and "error" not in line


def test_metrics_are_emf_in_the_same_line(caplog: pytest.LogCaptureFixture) -> None:
    log.step("deliver", {"Delivered": 1, "TookMs": 12.5}, lane="l")
    line = json.loads(json.dumps(caplog.records[-1].__dict__, default=str))
    assert line["Delivered"] == [1] and line["TookMs"] == [12.5] and line["step"] == "deliver" and line["lane"] == "l"
    about = line["_aws"]["CloudWatchMetrics"][0]
    assert about["Namespace"] == "Parley" and {"step", "stage"} <= {name for one in about["Dimensions"] for name in one}
    assert all(name in line for one in about["Dimensions"] for name in one)
