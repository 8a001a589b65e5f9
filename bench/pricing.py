"""What a tally costs by AWS's list prices (`prices.json`)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from bench import report
from bench.meter import Tally
from infra.limits import LIMITS

_PRICES: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
_OUTSIDE = ("deliver", "send")
"""Lambdas that wait for somebody outside, once an invocation."""
MILLION = 1_000_000


def usd(name: str) -> float:
    """The price of one."""
    return float(_PRICES["usd"][name]["price"])


def assumed(name: str) -> float:
    """What is taken for granted instead of measured."""
    return float(_PRICES["assumed"][name]["value"])


def per_million(tally: Tally, *, waits_s: float = 0) -> dict[str, float]:
    """USD for a million of what was counted, by service; `waits_s` is how long each poll waited."""
    sqs = [call.target for call in tally.of("sqs")] + [queue for queue in tally.batches for _ in range(2)]
    fifo = sum(1 for queue in sqs if queue.endswith(".fifo"))
    polls = tally.invocations.count("poll_channel")
    reads = tally.read_units + polls * extra_queries(waits_s)
    # Lambda's own lines of runs that go well are switched off (`infra/template.py`).
    logged = sum(tally.log_bytes.values())
    costs = {
        "api gateway": tally.http * usd("api_rest"),
        "lambda requests": len(tally.invocations) * usd("lambda_request"),
        "lambda time": gb_seconds(tally, waits_s=waits_s) * usd("lambda_gb_s"),
        "sqs": fifo * usd("sqs_fifo") + (len(sqs) - fifo) * usd("sqs_standard"),
        "dynamodb writes": tally.write_units * usd("dynamodb_write"),
        "dynamodb reads": reads * usd("dynamodb_read"),
        "kms": len(tally.of("kms")) * usd("kms"),
        "logs": logged / 1e9 * usd("logs_gb"),
    }
    return {name: round(cost * MILLION, 3) for name, cost in costs.items()}


def extra_queries(waits_s: float) -> int:
    """Queries that a poll makes while it waits, beyond the one that finds something."""
    from chalicelib.steps import poll_channel

    return int(waits_s / poll_channel._EVERY_S)


def gb_seconds(tally: Tally, *, waits_s: float = 0) -> float:
    """Lambda's GB-seconds: measured CPU at the memory's share of a core, and the waits that are assumed."""
    measured: dict[str, float] = report.last("cpu").get("ms_per_invocation", {})
    calls = Counter((call.step, call.service) for call in tally.calls)
    total = 0.0
    for step, count in Counter(tally.invocations).items():
        memory = LIMITS[step].memory_mb
        here = {service: calls[step, service] for service in ("dynamodb", "sqs", "kms")}
        cpu_ms = measured.get(step, sum(here.values()) / count * assumed("cpu_ms_a_call")) * count
        share = min(1.0, memory / assumed("lambda_full_core_mb"))
        wait_ms = sum(number * assumed(f"{service}_ms") for service, number in here.items())
        wait_ms += count * assumed("outside_ms") if step in _OUTSIDE else 0
        wait_ms += count * waits_s * 1000 if step == "poll_channel" else 0
        total += memory / 1024 * (cpu_ms / share + wait_ms) / 1000
    return total
