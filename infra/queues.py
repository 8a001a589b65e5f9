"""SQS queues: one for each that a Lambda of `app.py` reads, each with a dead-letter queue of its own kind."""

from __future__ import annotations

from typing import Any

from infra import declared
from infra.limits import KEEP_S, MAX_RECEIVES, visibility_s


def logical(queue: str) -> str:
    """Resource name of a queue."""
    return f"{declared.pascal(queue)}Queue"


def resources() -> dict[str, Any]:
    """Every queue, each before its dead-letter queue, then those of the streams."""
    found: dict[str, Any] = {}
    for one in declared.lambdas():
        if one.kind == "stream":
            found |= _queue(declared.stream_dead(one.name), visibility=visibility_s("bury"))
        elif one.kind == "queue" and one.source != declared.PLACEHOLDER:
            for queue in one.sources:
                grave = declared.dead(queue)
                found |= _queue(queue, visibility=visibility_s(one.name), dead=grave)
                found |= _queue(grave, visibility=visibility_s("bury"))
    return found


def reader(queue: str) -> str:
    """The Lambda that reads a queue."""
    if queue in declared.dead_queues():
        return "bury"
    return next(one.name for one in declared.lambdas() if one.kind == "queue" and queue in one.sources)


def _queue(queue: str, *, visibility: int, dead: str | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "QueueName": {"Fn::Sub": f"parley-${{Stage}}-{queue}"},
        "VisibilityTimeout": visibility,
        "MessageRetentionPeriod": KEEP_S,
        "SqsManagedSseEnabled": True,
    }
    if queue.endswith(".fifo"):
        # Limits of order and of throughput then hold per thread, not per queue
        # (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html).
        # Two equal texts are two messages, so nothing is deduplicated by content.
        properties |= {
            "FifoQueue": True,
            "ContentBasedDeduplication": False,
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
    if dead:
        properties["RedrivePolicy"] = {
            "deadLetterTargetArn": {"Fn::GetAtt": [logical(dead), "Arn"]},
            "maxReceiveCount": MAX_RECEIVES,
        }
    return {logical(queue): {"Type": "AWS::SQS::Queue", "Properties": properties}}
