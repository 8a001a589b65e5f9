"""Alarms: for each Lambda, queue, dead-letter queue and stream, all to one topic."""

from __future__ import annotations

from typing import Any

from infra import declared, edges, loops, queues, sockets
from infra.grants import SENDS_TO
from infra.limits import BULK_OLD_AFTER_S, LIMITS, is_bulk

MINUTE = 60
FULL_PERCENT = 80
"""Share of the account's concurrency in use from which on somebody should ask AWS for more."""


def resources() -> dict[str, Any]:
    """The topic, whom it tells, and every alarm."""
    found: dict[str, Any] = {
        "AlarmTopic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": {"Fn::Sub": "parley-${Stage}-alarms"}},
        },
        "AlarmMail": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {
                "TopicArn": {"Ref": "AlarmTopic"},
                "Protocol": "email",
                "Endpoint": {"Ref": "AlarmEmail"},
            },
        },
    }
    for name in edges.names():
        function = [{"Name": "FunctionName", "Value": {"Ref": edges.logical(name)}}]
        found |= _alarm(name, "errors", _metric("AWS/Lambda", "Errors", function))
        found |= _alarm(name, "throttles", _metric("AWS/Lambda", "Throttles", function))
    for queue in declared.queues():
        age = _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", _queue_name(queue), "Maximum")
        found |= _alarm(queue, "late", age, above=old_after_s(queue), periods=3)
    for queue in declared.dead_queues():
        # SQS does not count what it moves itself as sent, so what lies there is the only sign of a dead letter.
        lying = _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", _queue_name(queue), "Maximum")
        found |= _alarm(queue, "filled", lying)
    # `bury` may empty a dead-letter queue between two looks; that it ran at all means that there was something.
    bury = [{"Name": "FunctionName", "Value": {"Ref": edges.logical("bury")}}]
    found |= _alarm("bury", "ran", _metric("AWS/Lambda", "Invocations", bury))
    for one in declared.streamers():
        function = [{"Name": "FunctionName", "Value": {"Ref": one.logical}}]
        age = _metric("AWS/Lambda", "IteratorAge", function, "Maximum")
        found |= _alarm(one.name, "late", age, above=LIMITS[one.name].old_after_s * 1000, periods=3)
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    api = [{"Name": "ApiId", "Value": {"Ref": "HttpApi"}}]
    found |= _alarm("http", "errors", _metric("AWS/ApiGateway", "5xx", api))
    live = [{"Name": "ApiId", "Value": {"Ref": sockets.API}}]
    # Not IntegrationError: that a stranger's socket is refused counts there.
    found |= _alarm("sockets", "errors", _metric("AWS/ApiGateway", "ExecutionError", live))
    return found | _alarm("loops", "dropped", _dropped()) | _alarm("account", "full", _full(), above=FULL_PERCENT)


def old_after_s(queue: str) -> int:
    """Age of a queue's oldest message that is worth an alarm: so late, beyond what it may have to wait for by design.

    AWS does not say whether a message that is delayed counts as old, so it may.
    """
    late = BULK_OLD_AFTER_S if is_bulk(queue) else LIMITS[queues.reader(queue)].old_after_s
    return late + queues.delay_s(queue)


def _queue_name(queue: str) -> list[dict[str, Any]]:
    return [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queues.logical(queue), "QueueName"]}}]


def _metric(namespace: str, name: str, dimensions: list[dict[str, Any]], statistic: str = "Sum") -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": dimensions,
        "Statistic": statistic,
        "Period": MINUTE,
    }


def _dropped() -> dict[str, Any]:
    """Messages that AWS dropped as endless loops, of all functions that do not say that they mean to. What puts work
    on no queue is in no such chain; CloudWatch takes ten metrics an alarm."""
    watched = [one for one in declared.lambdas() if one.name not in loops.BOUNDED and SENDS_TO[one.name]]
    return _computed(
        " + ".join(f"FILL({one.name}, 0)" for one in watched),
        {
            one.name: ("AWS/Lambda", "RecursiveInvocationsDropped", {"FunctionName": {"Ref": one.logical}}, "Sum")
            for one in watched
        },
    )


def _full() -> dict[str, Any]:
    """Per cent of the account's concurrency in use: every Lambda of the region shares it, also those of others."""
    dimensions = {"Service": "Lambda", "Type": "Resource", "Resource": "ConcurrentExecutions", "Class": "None"}
    used = ("AWS/Usage", "ResourceCount", dimensions, "Maximum")
    return _computed("100 * used / SERVICE_QUOTA(used)", {"used": used})


def _computed(expression: str, of: dict[str, tuple[str, str, dict[str, Any], str]]) -> dict[str, Any]:
    """What an alarm looks at that is computed from metrics; each of them costs as much as an alarm."""
    parts = [
        {
            "Id": id,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": MINUTE,
                "Stat": statistic,
            },
        }
        for id, (namespace, name, dimensions, statistic) in of.items()
    ]
    return {"Metrics": [{"Id": "computed", "Expression": expression, "ReturnData": True}, *parts]}


def _alarm(subject: str, what: str, looks_at: dict[str, Any], *, above: int = 0, periods: int = 1) -> dict[str, Any]:
    return {
        f"{declared.pascal(subject)}{declared.pascal(what)}Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Condition": "WithAlarms",
            "Properties": {
                "AlarmName": {"Fn::Sub": f"parley-${{Stage}} {subject}: {what}"},
                **looks_at,
                "EvaluationPeriods": periods,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": above,
                "TreatMissingData": "notBreaching",
                # Nobody is told that all is well: a new alarm would say so first of all, and there are seventy.
                "AlarmActions": [{"Ref": "AlarmTopic"}],
            },
        }
    }


def metrics() -> int:
    """Metrics that the alarms look at: what AWS charges for."""
    made = [one["Properties"] for one in resources().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(max(1, len(one.get("Metrics", ())) - 1) for one in made)
