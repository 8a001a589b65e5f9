"""Event sources as Chalice cannot say them: partial batches, ends of retrying, where failures go."""

from __future__ import annotations

import json
from typing import Any

from infra import declared, queues, tables
from infra.limits import LIMITS, STREAM_MAX_AGE_S, STREAM_RETRIES, is_bulk

# Without it a returned `batchItemFailures` is ignored and the failed records are lost.
PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}

_CHANGED = ["INSERT", "MODIFY"]
_IN_INBOX = {"state": {"M": {"chat": {"M": {"kind": {"S": ["console"]}}}}}}
FILTERS: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    # Every message changes its thread's row; worth waking it for are conversations, and threads that a console desk
    # has, or had until now.
    ("announce", "threads"): (
        {"eventName": _CHANGED, "dynamodb": {"Keys": {"item": {"S": [{"prefix": "c"}]}}}},
        *(
            {"eventName": _CHANGED, "dynamodb": {"Keys": {"item": {"S": ["thread"]}}, image: _IN_INBOX}}
            for image in ("NewImage", "OldImage")
        ),
    ),
    # Links and identities are no news, nor what becomes of the log of a merge.
    ("announce", "contacts"): (
        {"eventName": _CHANGED, "dynamodb": {"Keys": {"item": {"S": ["contact"]}}}},
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"item": {"S": [{"prefix": "merge#"}]}}}},
    ),
    ("announce", "endpoints"): ({"eventName": _CHANGED},),
    # What goes is not counted, and a delivery only once it was tried.
    ("observe", "threads"): ({"eventName": _CHANGED},),
    ("observe", "deliveries"): ({"eventName": ["MODIFY"]},),
    ("observe", "endpoints"): ({"eventName": ["MODIFY"]},),
    # New messages of channels whose pages have sockets.
    ("push", "messages"): (
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"data": {"M": {"channel_kind": {"S": ["webchat"]}}}}}},
    ),
    # A visitor's socket that opens, and who types.
    ("push", "connections"): (
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"topic": {"S": [{"prefix": "thread#"}]}}}},
        {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"news": {"S": ["agent.typing", "visitor.typing"]}}}},
    ),
    # A change of the inbox, and who comes to a chat, writes there or goes; not that they are still there.
    ("push", "beats"): (
        {"eventName": _CHANGED, "dynamodb": {"Keys": {"topic": {"S": [{"prefix": "feed#"}]}}}},
        {"eventName": _CHANGED, "dynamodb": {"NewImage": {"news": {"S": ["presence"]}}}},
        {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"topic": {"S": [{"prefix": "seen#"}]}}}},
    ),
}
"""(Lambda, table) -> the records of the stream that it is woken for, those that fit one pattern; others cost nothing
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html)."""

NAMED = {("observe", "threads"): ""}
"""(Lambda, table) -> how its mapping is told apart, where that began as the only one: under another name it would be
made beside the first, which Lambda refuses, or read the stream from its beginning."""


def events(one: declared.Lambda) -> dict[str, Any]:
    """The `Events` of a Lambda's SAM function; a schedule stays as Chalice wrote it, and sockets are none of SAM's."""
    if one.kind == "stream":
        several = {table: declared.pascal(table) if len(one.sources) > 1 else "" for table in one.sources}
        names = several | {table: name for (step, table), name in NAMED.items() if step == one.name}
        return {
            f"{one.logical}{names[table]}Stream": {"Type": "DynamoDB", "Properties": _stream(one, table)}
            for table in one.sources
        }
    read = declared.dead_queues() if one.source == declared.PLACEHOLDER else one.sources
    return {queues.logical(queue): {"Type": "SQS", "Properties": _queue(one.name, queue)} for queue in read}


def _queue(name: str, queue: str) -> dict[str, Any]:
    limit = LIMITS[name]
    properties: dict[str, Any] = {
        "Queue": {"Fn::GetAtt": [queues.logical(queue), "Arn"]},
        "BatchSize": limit.batch,
        **PARTIAL,
    }
    if limit.window_s and not queue.endswith(".fifo"):
        properties["MaximumBatchingWindowInSeconds"] = limit.window_s
    at_most = (limit.bulk_at_most if is_bulk(queue) else None) or limit.at_most
    if at_most:
        properties["ScalingConfig"] = {"MaximumConcurrency": at_most}
    return properties


def _stream(one: declared.Lambda, table: str) -> dict[str, Any]:
    grave = queues.logical(declared.stream_dead(one.name))
    only = [{"Pattern": json.dumps(pattern)} for pattern in FILTERS.get((one.name, table), ())]
    return {
        "Stream": {"Fn::GetAtt": [tables.logical(table), "StreamArn"]},
        "BatchSize": LIMITS[one.name].batch,
        # What was written before the mapping stood must not be skipped.
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": STREAM_RETRIES,
        "MaximumRecordAgeInSeconds": STREAM_MAX_AGE_S,
        "ParallelizationFactor": LIMITS[one.name].at_once,
        **({"MaximumBatchingWindowInSeconds": window} if (window := LIMITS[one.name].window_s) else {}),
        **({"FilterCriteria": {"Filters": only}} if only else {}),
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": [grave, "Arn"]}}},
        **PARTIAL,
    }
