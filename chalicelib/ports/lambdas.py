"""From an AWS event to a step: one record at a time, its failure its own, its line in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    process_partial_response,
)

from chalicelib.ports import log


def each_body(event: dict[str, Any], context: Any, handle: Callable[[dict[str, Any]], None], *, fifo: bool) -> Any:
    """Run `handle` on the JSON body of each SQS record; a failed one is redelivered, others are not.

    In a FIFO queue what follows a failed record in its group waits with it; other groups go on.
    """

    def record_handler(record: Any) -> None:
        try:
            handle(json.loads(record.body))
        except Exception:
            # Powertools keeps silent about a record's exception, and a dead letter is too late to read it.
            log.crash(handle.__module__.rpartition(".")[2], receive_count=record.attributes.approximate_receive_count)
            raise

    processor = SqsFifoPartialProcessor(skip_group_on_error=True) if fifo else BatchProcessor(event_type=EventType.SQS)
    # A batch in which all fail would raise, and a raising function loses its warm process in vain.
    processor.raise_on_entire_batch_failure = False
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)


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
    """
    for record in event["Records"]:
        try:
            handle(record)
        except Exception:
            log.crash(step)
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
