"""Tells what happened to conversations, contacts and webhooks: reads their tables' streams, decides nothing.

What is announced is what was written, so no writer can forget to say it.
"""

from __future__ import annotations

from typing import Any

from chalicelib.announcing.changes import announce
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_change
from chalicelib.ports.settings import settings


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of one of the streams."""
    return each_change(event, handle, step="announce")


def handle(record: dict[str, Any]) -> None:
    """Handle one change."""
    started = clock.now_ms()
    table = record["eventSourceARN"].partition(":table/")[2].partition("/")[0].removeprefix(settings().table(""))
    told = announce(table, record["eventName"], record["dynamodb"])
    if told:
        lag = started - int(float(record["dynamodb"]["ApproximateCreationDateTime"]) * 1000)
        took = clock.now_ms() - started
        log.step("announce", table=table, told=",".join(told), took_ms=took, lag_ms=lag)
