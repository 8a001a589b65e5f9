"""From an AWS event to a step: one record at a time, its failure its own, its line in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.ports import log

MAX_RECEIVES = 5
"""How often a queue hands out a message before it is a dead letter; infra tells the queues."""


def each_body(event: dict[str, Any], context: Any, handle: Callable[[dict[str, Any]], None], *, fifo: bool) -> Any:
    """Run `handle` on the JSON body of each SQS record; a failed one is redelivered, others are not.

    In a FIFO queue what follows a failed record in its group waits with it; other groups go on. But it is received
    again each time, too: at the last time, when the failed one goes to the dead letters, it no longer waits, or it
    would go along.
    """
    failed: list[str] = []
    waiting: set[str] = set()
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId", "") if fifo else ""
        if group in waiting:
            failed.append(record["messageId"])
            continue
        try:
            handle(json.loads(record["body"]))
        except Exception:
            # A dead letter is too late to read it.
            received = int(record["attributes"].get("ApproximateReceiveCount", 1))
            log.crash(handle.__module__.rpartition(".")[2], receive_count=received)
            failed.append(record["messageId"])
            if fifo and received < MAX_RECEIVES:
                waiting.add(group)
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


def each_record(event: dict[str, Any], context: Any, handle: Callable[[dict[str, Any]], None]) -> Any:
    """Run `handle` on each whole SQS record of a standard or dead-letter queue."""
    failed = []
    for record in event["Records"]:
        try:
            handle(record)
        except Exception:
            log.crash(handle.__module__.rpartition(".")[2])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def each_change(event: dict[str, Any], handle: Callable[[dict[str, Any]], None], *, step: str) -> Any:
    """Run `handle` on each record of a DynamoDB stream in order; the first failure stops the batch.

    Lambda then repeats from that record on (ReportBatchItemFailures), so order holds and nothing is skipped:
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

    Where the first of several fails, nothing would be gained by that, and in the end Lambda would give up all of
    them: the function fails, and Lambda halves the batch until the record stands alone.
    """
    for at, record in enumerate(event["Records"]):
        try:
            handle(record)
        except Exception:
            log.crash(step)
            if at == 0 and len(event["Records"]) > 1:
                raise
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
