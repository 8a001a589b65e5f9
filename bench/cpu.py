"""CPU of each Lambda in a round trip, without AWS's and the bot's share of it.

The Lambdas run in this process, warm, as their handlers do; DynamoDB, SQS and KMS are the emulator and the bot is a
server, each a process of its own, reached over loopback HTTP. So `process_time` around an invocation is our code,
the libraries and the sockets, and nothing of a database. What it is not: TLS to AWS (loopback is plain), Lambda's
runtime around the handler, another processor. The yardstick is one bare `put_item` of a 1 KB item by a boto3 client in
the same process and minute; the ratio says how many such calls a Lambda's work is worth, and may be compared.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.bot import bot
from bench.meter import Meter
from bench.place import Place, on_emulator
from bench.report import Result

TRIPS, WARM, YARDS = 60, 15, 300


def measure() -> Result:
    """CPU of the round trip `webchat, answer in the response, receipt told`."""
    with bot() as answering, on_emulator(answering.url) as place:
        _trips(place, WARM)
        place.cloud.cpu.clear()
        yard = _yard(place)
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
