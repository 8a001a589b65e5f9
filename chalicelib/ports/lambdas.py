"""From an AWS event to a step: one record at a time, its failure its own, its line in the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.ports import log, redelivery
from chalicelib.ports.settings import settings

_GROUPS_AT_ONCE = 8


def each_body(event: dict[str, Any], handle: Callable[[dict[str, Any]], None], *, fifo: bool) -> Any:
    """Run `handle` on the JSON body of each SQS record; a failed one is redelivered soon, others are not.

    In a FIFO queue what follows a failed record in its group waits with it; other groups go on. But it is received
    again each time, too: at the last time, when the failed one goes to the dead letters, it no longer waits, or it
    would go along.
    """
    failed: list[tuple[dict[str, Any], int]] = []
    waiting: dict[str, int] = {}
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId", "") if fifo else ""
        if group in waiting:
            failed.append((record, waiting[group]))
            continue
        try:
            handle(json.loads(record["body"]))
        except Exception:
            # A dead letter is too late to read it.
            received = redelivery.receives(record)
            log.crash(handle.__module__.rpartition(".")[2], receive_count=received)
            failed.append((record, redelivery.wait_s(received)))
            if fifo and received < redelivery.MAX_RECEIVES:
                waiting[group] = failed[-1][1]
    return again(failed)


def each_record(event: dict[str, Any], handle: Callable[[dict[str, Any]], None]) -> Any:
    """Run `handle` on each whole SQS record of a standard or dead-letter queue."""
    failed = []
    for record in event["Records"]:
        try:
            handle(record)
        except Exception:
            log.crash(handle.__module__.rpartition(".")[2])
            failed.append((record, redelivery.wait_s(redelivery.receives(record))))
    return again(failed)


def again(failed: list[tuple[dict[str, Any], int]]) -> Any:
    """What a Lambda answers SQS where some of a batch has to come again, each after so many seconds."""
    redelivery.soon(failed)
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record, _ in failed]}


def table_of(record: dict[str, Any]) -> str:
    """Short name of the table whose stream a record is of."""
    return table_of_stream(str(record["eventSourceARN"]))


def table_of_stream(arn: str) -> str:
    """Short name of the table that a stream's ARN names."""
    return arn.partition(":table/")[2].partition("/")[0].removeprefix(settings().table(""))


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


def each_group(
    event: dict[str, Any],
    group_of: Callable[[dict[str, Any]], str],
    handle: Callable[[Sequence[dict[str, Any]]], None],
    *,
    step: str,
) -> Any:
    """Run `handle` on a DynamoDB stream's records, those of a group together and in order, groups at the same time.

    Where some fail Lambda goes on from the first record of the first of them, as in `each_change`; what was done behind
    that is done again.
    """
    groups: dict[str, list[int]] = {}
    for at, record in enumerate(event["Records"]):
        groups.setdefault(group_of(record), []).append(at)

    def failure(places: Sequence[int]) -> Exception | None:
        try:
            handle([event["Records"][at] for at in places])
        except Exception as error:
            log.crash(step)
            return error
        return None

    if len(groups) == 1:
        outcomes = [failure(*groups.values())]
    else:
        with ThreadPoolExecutor(max_workers=max(1, min(_GROUPS_AT_ONCE, len(groups)))) as pool:
            outcomes = list(pool.map(failure, groups.values()))
    failed = {places[0]: error for places, error in zip(groups.values(), outcomes, strict=True) if error is not None}
    if not failed:
        return {"batchItemFailures": []}
    at = min(failed)
    if at == 0 and len(event["Records"]) > 1:
        raise failed[at]
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][at]["dynamodb"]["SequenceNumber"]}]}
