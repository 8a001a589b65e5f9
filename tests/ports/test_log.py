"""One line a step: every field that a step gives arrives, and nothing of a message's text."""

from __future__ import annotations

import json

import pytest

from chalicelib.ports import log


def test_a_steps_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.logger.cache_clear()
    log.step("converse", thread="th_1", message="ms_1", event="ev_1", attempt=2, took_ms=7, error=None)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    wanted = {
        "step": "converse",
        "thread_id": "th_1",
        "message_id": "ms_1",
        "event_id": "ev_1",
        "attempt": 2,
        "took_ms": 7,
    }
    assert line | wanted == line and "error" not in line
    log.logger.cache_clear()


def test_metrics_are_emf(capsys: pytest.CaptureFixture[str]) -> None:
    log.metrics("deliver", Delivered=1, TookMs=12.5)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["Delivered"] == [1] and line["TookMs"] == [12.5] and line["step"] == "deliver"
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Parley"
