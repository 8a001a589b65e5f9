"""A consumer of the event bus, as anybody inside AWS would make one: a rule, a queue, and the leave to put into it.

Made where the parameter `SampleConsumer` says so. `docs/subscriptions.md` shows what comes.
"""

from __future__ import annotations

from typing import Any

from infra import queues

QUEUE = "parley-${Stage}-sample-events"
_KEEP_S = 86_400


def resources() -> dict[str, Any]:
    """Rule, queue and policy."""
    queue = {"Fn::GetAtt": ["SampleEventsQueue", "Arn"]}
    return {
        "SampleEventsQueue": _made(
            "AWS::SQS::Queue",
            QueueName={"Fn::Sub": QUEUE},
            VisibilityTimeout=30,
            MessageRetentionPeriod=_KEEP_S,
            SqsManagedSseEnabled=True,
        ),
        "SampleEventsRule": _made(
            "AWS::Events::Rule",
            EventBusName={"Ref": "Bus"},
            # One's own would name the events that it wants: {"detail-type": ["conversation.closed"]}.
            EventPattern={"source": ["parley"]},
            Targets=[{"Id": "queue", "Arn": queue}],
        ),
        "SampleEventsPolicy": _made(
            "AWS::SQS::QueuePolicy", Queues=[{"Ref": "SampleEventsQueue"}], PolicyDocument=_only_the_rule(queue)
        ),
    }


def _made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Condition": "WithSample", "Properties": properties}


def _only_the_rule(queue: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["SampleEventsRule", "Arn"]}}},
    }
    return {"Version": "2012-10-17", "Statement": [statement, queues.only_tls(queue)]}
