"""What a tally costs by AWS's list prices (`prices.json`)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench import report
from bench.meter import Call, Tally
from infra.limits import LIMITS

_PRICES: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
_OUTSIDE = ("deliver", "send", "copy_media")
"""Lambdas that wait for somebody outside, once an invocation."""
_PUTS = ("PutObject", "CopyObject")
_AT_ONCE = frozenset({("deliver", "BatchGetItem")})
"""Calls that are made while the one before them is (`chalicelib/lanes/lane.py`), and so are not waited for."""
MILLION = 1_000_000


def usd(name: str) -> float:
    """The price of one."""
    return float(_PRICES["usd"][name]["price"])


def assumed(name: str) -> float:
    """What is taken for granted instead of measured."""
    return float(_PRICES["assumed"][name]["value"])


@cache
def api_usd() -> float:
    """The price of a request by the kind of API that the packaged template holds."""
    # Late, as it imports the product, which reads its environment once.
    from infra.package import build, here

    resources = json.loads(build(here()).template.read_text(encoding="utf-8"))["Resources"].values()
    apis = [one["Properties"] for one in resources if one["Type"] == "AWS::ApiGatewayV2::Api"]
    return usd("api_http" if any(api.get("ProtocolType") == "HTTP" for api in apis) else "api_rest")


def share(memory_mb: int) -> float:
    """The share of a core that a function has, whose memory this is."""
    return min(1.0, memory_mb / assumed("lambda_full_core_mb"))


def run_gb_s(step: str, ms: float) -> float:
    """GB-seconds of a run that takes so long."""
    return LIMITS[step].memory_mb / 1024 * ms / 1000


def per_million(tally: Tally, *, waits_s: float = 0) -> dict[str, float]:
    """USD for a million of what was counted, by service; `waits_s` is how long each poll waited."""
    sqs = [call.target for call in tally.of("sqs")] + [queue for queue in tally.batches for _ in range(2)]
    fifo = sum(1 for queue in sqs if queue.endswith(".fifo"))
    polls = tally.invocations.count("poll_channel")
    reads = tally.read_units + polls * extra_queries(waits_s)
    # Lambda's own lines of runs that go well are switched off (`infra/template.py`).
    logged = sum(tally.log_bytes.values())
    costs = {
        "api gateway": tally.http * api_usd(),
        "sockets": (tally.frames + len(tally.of("apigatewaymanagementapi"))) * usd("socket_message"),
        "lambda requests": len(tally.invocations) * usd("lambda_request"),
        "lambda time": gb_seconds(tally, waits_s=waits_s) * usd("lambda_gb_s"),
        "sqs": fifo * usd("sqs_fifo") + (len(sqs) - fifo) * usd("sqs_standard"),
        "dynamodb writes": tally.write_units * usd("dynamodb_write"),
        "dynamodb reads": reads * usd("dynamodb_read"),
        "kms": len(tally.of("kms")) * usd("kms"),
        "s3": sum(usd("s3_put" if call.operation in _PUTS else "s3_get") for call in tally.of("s3")),
        "logs": logged / 1e9 * usd("logs_gb"),
    }
    return {name: round(cost * MILLION, 3) for name, cost in costs.items()}


def extra_queries(waits_s: float) -> int:
    """Queries that a poll makes while it waits, beyond the one that finds something."""
    from chalicelib.steps import poll_channel

    return int(waits_s / poll_channel._EVERY_S)


def gb_seconds(tally: Tally, *, waits_s: float = 0) -> float:
    """Lambda's GB-seconds: measured CPU at the memory's share of a core, and the waits that are assumed."""
    total = 0.0
    for step, run in runs(tally, waits_s=waits_s).items():
        total += run.times * run_gb_s(step, run.ms(LIMITS[step].memory_mb))
    return total


@dataclass(frozen=True, slots=True)
class Run:
    """A Lambda's run, as the mean of those in a tally."""

    times: int
    cpu_ms: float
    """On a whole core."""
    wait_ms: float

    def ms(self, memory_mb: int) -> float:
        """How long it takes with so much memory."""
        return self.cpu_ms / share(memory_mb) + self.wait_ms


def runs(tally: Tally, *, waits_s: float = 0) -> dict[str, Run]:
    """Lambda -> its run: CPU as it was measured last, waits as they are assumed."""
    measured: dict[str, float] = report.last("cpu").get("ms_per_invocation", {})
    found = {}
    for step, times in Counter(tally.invocations).items():
        calls = [call for call in tally.calls if call.step == step]
        wait_ms = sum(waited_ms(call) for call in calls) / times
        wait_ms += assumed("outside_ms") if step in _OUTSIDE else waits_s * 1000 if step == "poll_channel" else 0
        found[step] = Run(times, measured.get(step, len(calls) / times * assumed("cpu_ms_a_call")), wait_ms)
    return found


def waited_ms(call: Call) -> float:
    """How long a call of AWS is waited for."""
    return 0 if (call.step, call.operation) in _AT_ONCE else assumed(f"{call.service}_ms")
