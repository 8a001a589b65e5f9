"""What a deployment costs in a month in which nobody writes. What an open chat window costs says `sessions`.

Computed from what is declared (`infra`), not measured: event sources poll their queues around the clock, the schedule
runs each minute, keys, alarms and metrics are charged by their number.
"""

from __future__ import annotations

from typing import Any

from bench import pricing
from bench.report import Result
from infra import alarms, declared, reference
from infra.limits import LIMITS

MINUTES = 30 * 24 * 60
POLLERS, LONG_POLL_S = 5, 20
"""Lambda begins with five long polls at a queue, of 20 s each
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). AWS promises no number of pollers for idle
queues, least of all for FIFO ones, so this is the upper estimate; the bill's first million requests are free."""


def measure() -> Result:
    """Part by part."""
    queues = [*declared.queues(), *declared.dead_queues()]
    receives = POLLERS * (60 / LONG_POLL_S) * MINUTES
    polls = sum(receives * pricing.usd("sqs_fifo" if name.endswith(".fifo") else "sqs_standard") for name in queues)
    release = LIMITS["release_due"]
    run_s = 8 * (pricing.assumed("cpu_ms_a_call") + pricing.assumed("dynamodb_ms")) / 1000
    tick = pricing.usd("lambda_request") + release.memory_mb / 1024 * run_s * pricing.usd("lambda_gb_s")
    tick += 8 * pricing.usd("dynamodb_read") + 1e-9 * 1500 * pricing.usd("logs_gb")
    month = {
        f"polls of {len(queues)} queues": polls,
        "release_due each minute": tick * MINUTES,
        "the key that seals secrets": pricing.usd("kms_key_month"),
        f"alarms on {alarms.metrics()} metrics": alarms.metrics() * pricing.usd("alarm_month"),
    }
    busy = len(reference.metrics()) * pricing.usd("metric_month")
    rows: list[list[Any]] = [[name, cost] for name, cost in month.items()]
    rows += [
        ["a month in which nobody writes", sum(month.values())],
        [f"beyond it once used: {len(reference.metrics())} metrics", busy],
    ]
    notes = [
        "Pollers: the upper estimate of five a queue. Alarms are a parameter of the template (`Alarms=off`).",
        "Metrics are charged by the hour in which they are written.",
    ]
    figures = {"usd_a_month": month, "usd_metrics_a_month": busy}
    return Result("idle", "What it costs while nobody writes", ["what", "USD"], rows, notes=notes, figures=figures)


if __name__ == "__main__":
    measure().keep()
