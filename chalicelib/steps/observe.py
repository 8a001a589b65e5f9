"""Shows people at console desks what their chats have come to: reads the stream of threads, decides nothing.

What a thread's row says makes the rows of its chats in `inbox`, each on condition that it is older: a batch that comes
again, or late, or cut off between two rows, changes nothing or goes on. The hot path gains no write by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.inbox import rows
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_group


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of the stream of threads: threads at the same time, each in its order."""
    return each_group(event, _thread, handle, step="observe")


def handle(records: Sequence[dict[str, Any]]) -> None:
    """Handle changes of one thread."""
    started = clock.now_ms()
    written = rows.follow([record["dynamodb"] for record in records])
    if written:
        lag = started - int(float(records[-1]["dynamodb"]["ApproximateCreationDateTime"]) * 1000)
        log.step("observe", thread=_thread(records[0]), rows=written, lag_ms=max(0, lag))


def _thread(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["thread"]["S"])
