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


def test_what_lambda_and_the_metrics_write_is_left_out() -> None:
    emf = {"CloudWatchMetrics": [{"Metrics": [{"Name": "LagMs"}]}]}
    shown = line(_aws=emf, LagMs=3, stage="local", message="deliver", step="deliver", attempt=1)
    assert shown is not None and shown.split()[1:] == ["deliver", "attempt=1"]
    assert readable("START RequestId: x Version: $LATEST\n", name="deliver", at_ms=0) is None
    assert readable("REPORT RequestId: x\tDuration: 3 ms", name="deliver", at_ms=0) is None


def test_what_is_no_json_is_shown_as_it_is() -> None:
    shown = readable("Traceback (most recent call last):", name="deliver", at_ms=0, colour=False)
    assert shown is not None
    assert shown.endswith("deliver         Traceback (most recent call last):")
