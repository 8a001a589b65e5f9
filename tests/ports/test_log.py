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


def test_metrics_are_emf(capsys: pytest.CaptureFixture[str]) -> None:
    log.metrics("deliver", Delivered=1, TookMs=12.5)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["Delivered"] == [1] and line["TookMs"] == [12.5] and line["step"] == "deliver"
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Parley"
