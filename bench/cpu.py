"""CPU of each Lambda in a round trip, without AWS's and the bot's share of it.

The Lambdas run in this process, warm, as their handlers do; DynamoDB, SQS and KMS are the emulator and the bot is a
server, each a process of its own, reached over loopback HTTP. So `process_time` around an invocation is our code,
the libraries and the sockets, and nothing of a database. What it is not: TLS to AWS (loopback is plain), Lambda's
runtime around the handler, another processor. The yardstick is one bare `put_item` of a 1 KB item by a boto3 client in
the same process and minute; the ratio says how many such calls a Lambda's work is worth, and may be compared.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from botocore.client import BaseClient

from bench.bot import bot
from bench.meter import Meter
from bench.place import Counted, Place, on_emulator
from bench.report import Result

TRIPS, WARM, YARDS = 60, 15, 300
WAKES = {"receive_channel": "SendMessageBatch", "converse": "PutItem", "fan_out": "SendMessageBatch", "deliver": ""}
"""Lambdas on the way to the bot, and the call of AWS by which each wakes the next: `converse` by the message that it
writes. `deliver` wakes nobody: it calls the bot."""


def measure() -> Result:
    """CPU of the round trip `webchat, answer in the response, receipt told`."""
    with bot() as answering, on_emulator(answering.url) as place:
        _trips(place, WARM)
        # As a Lambda does when it has started (`chalicelib/preload.py`).
        gc.freeze()
        place.cloud.cpu.clear()
        yard = _yard(place)
        with _watching(place.cloud) as until:
            _trips(place, TRIPS)
        yard = (yard + _yard(place)) / 2
        cpu = {step: times for step, times in place.cloud.cpu.items() if len(times) >= TRIPS}
        counts = {step: round(len(times) / TRIPS) for step, times in cpu.items()}
        calls = _calls(place)
    bare = sum(calls.values()) * yard / (sum(sum(times) for times in cpu.values()) / TRIPS)
    ms = {step: median(times) * 1000 for step, times in cpu.items()}
    whole = sum(sum(times) for times in cpu.values()) / TRIPS * 1000
    rows: list[list[Any]] = [
        [step, counts[step], calls.get(step, 0) / counts[step], ms[step], ms[step] / (yard * 1000)] for step in cpu
    ]
    rows.append(["round trip", sum(counts.values()), sum(calls.values()), whole, whole / (yard * 1000)])
    columns = ["Lambda", "runs", "AWS calls a run", "CPU ms a run", "in bare put_items"]
    notes = [
        f"A bare put_item took {yard * 1000:.2f} ms of CPU: {sum(calls.values())} of them are {bare:.0%} of all.",
        "Milliseconds are of this machine while others used it; the last column may be compared.",
    ]
    figures = {
        "ms_per_invocation": {step: round(value, 2) for step, value in ms.items()},
        "ms_until_the_next_is_woken": {step: round(median(until[step]) * 1000, 2) for step in WAKES},
        "ms_per_round_trip": round(whole, 2),
        "bare_put_ms": round(yard * 1000, 3),
        "in_bare_puts": round(whole / (yard * 1000), 1),
        "calls": calls,
        "runs": counts,
    }
    return Result("cpu", "CPU of a round trip", columns, rows, notes=notes, figures=figures)


def _trips(place: Place, count: int) -> None:
    for _ in range(count):
        place.says()
        place.polls()
        place.cloud.pump()


@contextmanager
def _watching(cloud: Counted) -> Iterator[dict[str, list[float]]]:
    """Lambda -> CPU seconds until it has woken the next one, of its first run in each round trip."""
    until: dict[str, list[float]] = defaultdict(list)
    from chalicelib.ports import http

    make, post = BaseClient._make_api_call, http.Web.__call__

    def woken(operation: str) -> None:
        # The first run of a Lambda since the visitor wrote is the one on the way to the bot.
        step = cloud.running
        first = step == "receive_channel" or len(until[step]) < len(until["receive_channel"])
        if WAKES.get(step) == operation and first:
            until[step].append(time.process_time() - cloud.began)

    def called(client: Any, operation: str, params: dict[str, Any]) -> Any:
        try:
            return make(client, operation, params)
        finally:
            woken(operation)

    async def posted(web: http.Web, *given: Any, **more: Any) -> Any:
        woken("")
        return await post(web, *given, **more)

    BaseClient._make_api_call, http.Web.__call__ = called, posted  # type: ignore[method-assign, assignment]
    try:
        yield until
    finally:
        BaseClient._make_api_call, http.Web.__call__ = make, post  # type: ignore[method-assign]


def _calls(place: Place) -> dict[str, int]:
    """AWS calls by Lambda of one more round trip."""
    meter: Meter = place.cloud.meter
    meter.with_units = False
    with meter.installed():
        tally = place.start()
        _trips(place, 1)
    return {step: sum(call.step == step for call in tally.calls) for step in dict.fromkeys(tally.invocations)}


def _yard(place: Place) -> float:
    dynamodb = place.cloud.clients["dynamodb"]
    item = {"id": {"S": "yard"}, "thread": {"S": "x" * 1000}}
    times = []
    for _ in range(YARDS):
        began = time.process_time()
        dynamodb.put_item(TableName="parley-test-receipts", Item=item)
        times.append(time.process_time() - began)
    return median(times)


if __name__ == "__main__":
    measure().keep()
