"""One structured line per step, its metrics in it, and never the text of a message.

Metrics are members of the line in EMF (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html): no call, and no second line to pay for.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

from chalicelib.ports.settings import settings

NAMESPACE = "Parley"
OWN_NAMES = {"thread": "thread_id", "message": "message_id", "event": "event_id"}
"""Fields whose plain names belong to Python's own log records."""


@cache
def logger() -> Logger:
    """The process's logger."""
    # Not named as the app: Chalice configures a logger of that name, and every line would come twice.
    # Where in the code a line is written says its step; crashes carry their stack.
    return Logger(service="parley", name="parley.steps", log_uncaught_exceptions=False, location=None)


def step(name: str, metrics: dict[str, float] | None = None, **fields: Any) -> None:
    """The line of one step: `step` and ids, counts and times in milliseconds; no text, no secret.

    `metrics` are numbers for CloudWatch: counts, or milliseconds where the name ends in `Ms`.
    """
    logger().info(name, extra=_line(name, fields) | (_emf(metrics) if metrics else {}))


def trouble(name: str, **fields: Any) -> None:
    """A line for what went wrong in our own code or is worth a person's look."""
    logger().warning(name, extra=_line(name, fields))


def crash(name: str, **fields: Any) -> None:
    """A line with the current exception."""
    logger().exception(name, extra=_line(name, fields))


def _line(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"step": name} | {OWN_NAMES.get(key, key): value for key, value in fields.items() if value is not None}


def _emf(values: dict[str, float]) -> dict[str, Any]:
    # EphemeralMetrics: its own dimensions and numbers, nothing shared between the steps of one process.
    emf = EphemeralMetrics(namespace=NAMESPACE)
    # The line has its value already.
    emf.add_dimension(name="step", value="-")
    emf.add_dimension(name="stage", value=settings().stage)
    for name, value in values.items():
        emf.add_metric(name=name, unit="Milliseconds" if name.endswith("Ms") else "Count", value=value)
    members: dict[str, Any] = dict(emf.serialize_metric_set())
    members.pop("step")
    return members
