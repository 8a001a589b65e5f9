"""How the Lambdas' lines read."""

from __future__ import annotations

import json

from infra.logs import readable


def line(**fields: object) -> str | None:
    return readable(json.dumps(fields), name="deliver", at_ms=0, colour=False)


def test_a_structured_line_is_short() -> None:
    shown = line(level="INFO", message="deliver", step="deliver", thread_id="th_1", attempt=2, took_ms=31)
    assert shown is not None
    assert shown.split()[1:] == ["deliver", "th_1", "attempt=2", "31", "ms"]


def test_what_only_machines_read_is_left_out() -> None:
    emf = {"CloudWatchMetrics": [{"Metrics": [{"Name": "lag_ms"}]}]}
    shown = line(_aws=emf, lag_ms=3, stage="local", step="deliver", attempt=1)
    assert shown is not None and shown.split()[1:] == ["deliver", "lag_ms=3", "attempt=1"]
    assert readable("START RequestId: x Version: $LATEST\n", name="deliver", at_ms=0) is None
    assert readable("REPORT RequestId: x\tDuration: 3 ms", name="deliver", at_ms=0) is None


def test_what_is_no_json_is_shown_as_it_is() -> None:
    shown = readable("Traceback (most recent call last):", name="deliver", at_ms=0, colour=False)
    assert shown is not None
    assert shown.endswith("deliver         Traceback (most recent call last):")


def test_what_lambda_says_of_a_run_that_it_ended_is_seen() -> None:
    record = {"requestId": "x", "status": "timeout"}
    report = {"time": "2026-11-29T08:00:00.000Z", "type": "platform.report", "record": record}
    shown = readable(json.dumps(report), name="deliver", at_ms=0)
    assert shown is not None and "\x1b[91mdeliver " in shown and "type=platform.report" in shown and "timeout" in shown
    shown = readable(json.dumps({"log_level": "ERROR", "errorMessage": "no", "requestId": "x"}), name="api", at_ms=0)
    assert shown is not None and "\x1b[91mapi " in shown and shown.endswith("errorMessage=no")
