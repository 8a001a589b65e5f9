"""Alarms: for each Lambda, queue, dead-letter queue and stream, all to one topic."""

from __future__ import annotations

from typing import Any

from infra import declared, edges, queues
from infra.limits import BULK_OLD_AFTER_S, LIMITS, is_bulk

MINUTE = 60


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
        found |= _alarm(name, "errors", "AWS/Lambda", "Errors", function)
        found |= _alarm(name, "throttles", "AWS/Lambda", "Throttles", function)
    for queue in declared.queues():
        found |= _alarm(
            queue,
            "late",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            _queue_name(queue),
            statistic="Maximum",
            above=BULK_OLD_AFTER_S if is_bulk(queue) else LIMITS[queues.reader(queue)].old_after_s,
            periods=3,
        )
    for queue in declared.dead_queues():
        # SQS does not count what it moves itself as sent, so what lies there is the only sign of a dead letter.
        found |= _alarm(
            queue, "filled", "AWS/SQS", "ApproximateNumberOfMessagesVisible", _queue_name(queue), statistic="Maximum"
        )
    # `bury` may empty a dead-letter queue between two looks; that it ran at all means that there was something.
    bury = [{"Name": "FunctionName", "Value": {"Ref": edges.logical("bury")}}]
    found |= _alarm("bury", "ran", "AWS/Lambda", "Invocations", bury)
    for one in declared.streamers():
        function = [{"Name": "FunctionName", "Value": {"Ref": one.logical}}]
        above = LIMITS[one.name].old_after_s * 1000
        found |= _alarm(
            one.name, "late", "AWS/Lambda", "IteratorAge", function, statistic="Maximum", above=above, periods=3
        )
    api = [{"Name": "ApiName", "Value": {"Fn::Sub": "parley-${Stage}"}}]
    found |= _alarm("http", "errors", "AWS/ApiGateway", "5XXError", api)
    return found


def _queue_name(queue: str) -> list[dict[str, Any]]:
    return [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queues.logical(queue), "QueueName"]}}]


def _alarm(
    subject: str,
    what: str,
    namespace: str,
    metric: str,
    dimensions: list[dict[str, Any]],
    *,
    statistic: str = "Sum",
    above: int = 0,
    periods: int = 1,
) -> dict[str, Any]:
    return {
        f"{declared.pascal(subject)}{declared.pascal(what)}Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Condition": "WithAlarms",
            "Properties": {
                "AlarmName": {"Fn::Sub": f"parley-${{Stage}} {subject}: {what}"},
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": dimensions,
                "Statistic": statistic,
                "Period": MINUTE,
                "EvaluationPeriods": periods,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": above,
                "TreatMissingData": "notBreaching",
                "AlarmActions": [{"Ref": "AlarmTopic"}],
                "OKActions": [{"Ref": "AlarmTopic"}],
            },
        }
    }
