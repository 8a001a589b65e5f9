"""Tells what happened to conversations, contacts and webhooks, and shows people at console desks what their chats have
come to: reads these tables' streams, decides nothing.

What is announced is what was written, so no writer can forget to say it. What a thread's row says makes the rows of its
chats in `inbox`, each on condition that it is older: a batch that comes again, or late, or cut off between two rows,
changes nothing or goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.announcing.changes import announce
from chalicelib.inbox import rows
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_change, each_group, table_of
from chalicelib.tables import threads


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of one of the streams: threads at the same time, each in its order."""
    if "thread" in event["Records"][0]["dynamodb"]["Keys"]:
        return each_group(event, _thread, handle, step="announce")
    return each_change(event, _tell, step="announce")


def handle(records: Sequence[dict[str, Any]]) -> None:
    """Handle changes of one thread: first what people see, then what is told."""
    shown = [record for record in records if _item(record) == threads.THREAD]
    if shown:
        _show(shown)
    for record in records:
        if _item(record) != threads.THREAD:
            _tell(record)


def _show(records: Sequence[dict[str, Any]]) -> None:
    started = clock.now_ms()
    written = rows.follow([record["dynamodb"] for record in records])
    if written:
        log.step("announce", thread=_thread(records[0]), rows=written, lag_ms=_lag(records[-1], started))


def _tell(record: dict[str, Any]) -> None:
    started, table = clock.now_ms(), table_of(record)
    told = announce(table, record["eventName"], record["dynamodb"])
    if told:
        took = clock.now_ms() - started
        log.step("announce", table=table, told=",".join(told), took_ms=took, lag_ms=_lag(record, started))


def _thread(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["thread"]["S"])


def _item(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["item"]["S"])


def _lag(record: dict[str, Any], now: int) -> int:
    return max(0, now - int(float(record["dynamodb"]["ApproximateCreationDateTime"]) * 1000))
