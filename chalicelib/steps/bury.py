"""Records what our own code could not do: the event, the step and the queue, for a person to read and replay."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports import clock, ids, log
from chalicelib.ports.lambdas import each_record
from chalicelib.ports.settings import settings
from chalicelib.tables.failures import Failure

STEPS = {
    "threads.fifo": "converse",
    "deliveries.fifo": "deliver",
    "sends.fifo": "send",
    "retries": "retry_delivery",
    "send-retries": "retry_send",
    "timers": "fire_timer",
    "messages-failures": "fan_out",
}
"""Queue -> the step that could not do what was on it."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of dead letters."""
    return each_record(event, context, handle)


def handle(record: dict[str, Any]) -> None:
    """Record one; its id comes from the SQS message's, so that twice is once."""
    name = record["eventSourceARN"].rpartition(":")[2].removeprefix(settings().queue(""))
    queue = name.replace("-dead.fifo", ".fifo").removesuffix("-dead")
    body = json.loads(record["body"])
    step = STEPS.get(queue, queue)
    Failure(
        id=ids.from_cause("fa", record["messageId"]),
        step=step,
        queue=queue,
        group=record["attributes"].get("MessageGroupId"),
        body=body,
        at=clock.now_ms(),
    ).save()
    log.trouble("bury", failed=step, queue=queue, thread=body.get("thread"), lane=body.get("lane"))
    log.metrics("bury", Buried=1)
