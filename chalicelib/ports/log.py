"""One structured line per step, its metrics in it, and never the text of a message.

A line is paid for by its bytes, so it says nothing twice: a metric is a field of the line that CloudWatch is told to
count (EMF, https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html), and `message` stands where it says more than `step`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.ports import clock
from chalicelib.ports.settings import settings

NAMESPACE = "Parley"
OWN_NAMES = {"thread": "thread_id", "message": "message_id", "event": "event_id"}
"""Fields whose plain names belong to Python's own log records."""


@cache
def logger() -> Logger:
    """The process's logger."""
    # Where in the code a line is written says its step; crashes carry their stack. The time is in a form that Lambda
    # reads: a line without one would get it added.
    made = Logger(
        service="parley",
        log_uncaught_exceptions=False,
        location=None,
        utc=True,
        datefmt="%Y-%m-%dT%H:%M:%S.%FZ",
        serialize_stacktrace=False,
        json_serializer=_written,
    )
    # The log group is named after it.
    made.remove_keys(["service"])
    return made


def _written(line: dict[str, Any]) -> str:
    if line.get("message") == line.get("step"):
        del line["message"]
    return json.dumps(line, default=str, ensure_ascii=False, separators=(",", ":"))


def step(name: str, *, metrics: Sequence[str] = (), **fields: Any) -> None:
    """The line of one step: `step` and ids, counts and times in milliseconds; no text, no secret.

    `metrics` names those fields, numbers all, that CloudWatch keeps as metrics too, each a metric that is paid for by
    the month: those that no metric of Lambda or SQS tells.
    """
    logger().info(name, extra=_line(name, fields) | (_emf(metrics) if metrics else {}))


def trouble(name: str, **fields: Any) -> None:
    """A line for what went wrong in our own code or is worth a person's look."""
    logger().warning(name, extra=_line(name, fields))


def crash(name: str, **fields: Any) -> None:
    """A line with the current exception."""
    logger().exception(name, extra=_line(name, fields))


def _line(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    said = {OWN_NAMES.get(key, key): value for key, value in fields.items() if value is not None and value != ""}
    return {"step": name} | said


def _emf(names: Sequence[str]) -> dict[str, Any]:
    counted = {"Namespace": NAMESPACE, "Dimensions": [["step", "stage"]], "Metrics": [{"Name": name} for name in names]}
    return {"stage": settings().stage, "_aws": {"Timestamp": clock.now_ms(), "CloudWatchMetrics": [counted]}}
