"""SQS queues: one for each that a Lambda of `app.py` reads, each with a dead-letter queue of its own kind."""

from __future__ import annotations

from typing import Any

from chalicelib.ports.queues import MOST_DELAY_S
from infra import declared, mails
from infra.limits import KEEP_S, MAX_RECEIVES, visibility_s
from infra.policies import queue_arn
from infra.shared import BUCKET


def logical(queue: str) -> str:
    """Resource name of a queue."""
    return f"{declared.pascal(queue)}Queue"


def resources() -> dict[str, Any]:
    """Every queue, each before its dead-letter queue, then those of the streams; each with its policy."""
    found: dict[str, Any] = {}
    for one in declared.lambdas():
        if one.kind == "stream":
            found |= _queue(declared.stream_dead(one.name), visibility=visibility_s("bury"), of=())
        elif one.kind == "queue" and one.source != declared.PLACEHOLDER:
            for queue in one.sources:
                grave = declared.dead(queue)
                found |= _queue(queue, visibility=visibility_s(one.name), dead=grave)
                found |= _queue(grave, visibility=visibility_s("bury"), of=(queue,))
    return found


def reader(queue: str) -> str:
    """The Lambda that reads a queue."""
    if queue in declared.dead_queues():
        return "bury"
    return next(one.name for one in declared.lambdas() if one.kind == "queue" and queue in one.sources)


def delay_s(queue: str) -> int:
    """How long at most a message may be on a queue before anybody may have it: AWS may count that as its age."""
    return 0 if queue.endswith(".fifo") else MOST_DELAY_S


def _queue(
    queue: str, *, visibility: int, dead: str | None = None, of: tuple[str, ...] | None = None
) -> dict[str, Any]:
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
    if of is not None:
        # By name, as each of the two queues would wait for the other. A stream's letters are sent, not moved.
        sources = {"redrivePermission": "byQueue", "sourceQueueArns": [queue_arn(one) for one in of]}
        properties["RedriveAllowPolicy"] = sources if of else {"redrivePermission": "denyAll"}
    own = {"Fn::GetAtt": [logical(queue), "Arn"]}
    return {
        logical(queue): {"Type": "AWS::SQS::Queue", "Properties": properties},
        f"{logical(queue)}Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": logical(queue)}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [only_tls(own), *(mails.may_send(own, BUCKET) if queue == mails.QUEUE else ())],
                },
            },
        },
    }


def only_tls(queue: Any) -> dict[str, Any]:
    """A policy's statement: nobody talks to a queue (its ARN) by plain http."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
