"""How long our own part takes until the bot hears: assumed waits for AWS, and CPU at the memory of each Lambda.

Computed for the first round trip of `requests`. Of each Lambda only what comes before it has woken the next one counts:
the calls until then, and the CPU that `cpu` measured until then. What lies between the Lambdas (queues, the stream,
Lambda's start of a run) is AWS's and in no figure here.
"""

from __future__ import annotations

from typing import Any

from bench import pricing, report
from bench.cpu import WAKES
from bench.report import Goal, Result
from bench.requests import VARIANTS
from infra.limits import LIMITS

GOAL_MS = 45


def measure() -> Result:
    """Lambda by Lambda, and together."""
    calls = report.last("requests")[VARIANTS[0].name]["calls"]
    cpu: dict[str, float] = report.last("cpu")["ms_until_the_next_is_woken"]
    rows: list[list[Any]] = []
    parts: dict[str, float] = {}
    for step, wakes in WAKES.items():
        waits_ms = _waits_ms([call for call in calls if call["step"] == step], wakes)
        cpu_ms = cpu[step] / pricing.share(LIMITS[step].memory_mb)
        rows.append([step, LIMITS[step].memory_mb, waits_ms, cpu[step], cpu_ms, waits_ms + cpu_ms])
        parts |= {f"{step} waits": waits_ms, f"{step} CPU": round(cpu_ms, 1)}
    whole = sum(row[-1] for row in rows)
    rows.append(["together", "", *(sum(row[at] for row in rows) for at in range(2, 6))])
    columns = ["Lambda", "MB", "waits ms", "CPU ms of a core", "CPU ms at its memory", "ms"]
    goals = [Goal("waits and CPU before the bot hears", GOAL_MS, whole, "ms ", parts)]
    notes = [
        f"Waits: {pricing.assumed('dynamodb_ms'):g} ms a call of DynamoDB, {pricing.assumed('sqs_ms'):g} of SQS.",
        "A channel was read by the edge within the last ten seconds.",
    ]
    return Result("hearing", "Our part until the bot hears", columns, rows, goals, notes, {"ms": whole, "parts": parts})


def _waits_ms(calls: list[dict[str, Any]], wakes: str) -> float:
    """Waits of a Lambda's first run until that call is done; where it is none of AWS's, until what follows from it."""
    total = 0.0
    for call in calls:
        operation = call["call"].split()[1]
        if not wakes and operation.startswith("Send"):
            break
        total += call["waited_ms"]
        if operation == wakes:
            break
    return total


if __name__ == "__main__":
    measure().keep()
