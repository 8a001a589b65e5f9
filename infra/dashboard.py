"""One page of CloudWatch with the message path on it, where the parameter `Dashboard` asks for it."""

from __future__ import annotations

import json
from typing import Any

from infra import alarms, declared, sockets

PATH = ("receive_channel", "converse", "fan_out", "deliver", "send", "retry_delivery", "retry_send", "fire_timer")
"""The Lambdas that a message meets."""
FREE_METRICS = 50
"""CloudWatch gives three dashboards of so many metrics for nothing (https://aws.amazon.com/cloudwatch/pricing/)."""
WAITED_FOR_S = 900
"""Age of the oldest message that is worth an alarm. Of queues whose work may be older, as erasures and replays, nothing
is shown: nobody waits for it."""
ATTEMPTS = ("deliver", "send", "retry_delivery", "retry_send")
"""The Lambdas that tell somebody outside."""
_WIDE, _HIGH = 12, 6


def resources() -> dict[str, Any]:
    """The dashboard."""
    return {
        "MessagePath": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Condition": "WithDashboard",
            "Properties": {
                "DashboardName": {"Fn::Sub": "parley-${Stage}"},
                "DashboardBody": {"Fn::Sub": json.dumps({"widgets": widgets()})},
            },
        }
    }


def widgets() -> list[dict[str, Any]]:
    """What it shows: two beside each other, the newest trouble first."""
    waiting = [queue for queue in declared.queues() if alarms.old_after_s(queue) <= WAITED_FOR_S]
    streams = [one.name for one in declared.streamers()]
    shown = [
        _graph("Errors", [_lambda("Errors", name, "Sum") for name in PATH]),
        _graph("Throttles", [_lambda("Throttles", name, "Sum") for name in PATH]),
        _graph("Oldest message, s", [_queue("ApproximateAgeOfOldestMessage", queue) for queue in waiting]),
        _graph("Oldest record of a stream, ms", [_lambda("IteratorAge", name, "Maximum") for name in streams]),
        _graph("Duration, p95, ms", [_lambda("Duration", name, "p95") for name in PATH]),
        _graph("From said to delivered, p95, ms", [_own("age_ms", name) for name in ("deliver", "send")]),
        _graph("Share of attempts that failed", [_own("attempt_failed", name, "Average") for name in ATTEMPTS]),
        _graph("Sockets", [_live(name) for name in ("ConnectCount", "MessageCount", "ClientError", "ExecutionError")]),
        _graph("HTTP", [_http(name) for name in ("Count", "4xx", "5xx")]),
    ]
    places = [{"x": n % 2 * _WIDE, "y": n // 2 * _HIGH, "width": _WIDE, "height": _HIGH} for n in range(len(shown))]
    return [{"type": "metric", **place, "properties": one} for place, one in zip(places, shown, strict=True)]


def _graph(title: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {"title": title, "region": "${AWS::Region}", "view": "timeSeries", "period": 60, "metrics": metrics}


def _lambda(metric: str, name: str, statistic: str) -> list[Any]:
    shown = {"stat": statistic, "label": name}
    return ["AWS/Lambda", metric, "FunctionName", f"parley-${{Stage}}-{name}", shown]


def _queue(metric: str, queue: str) -> list[Any]:
    return ["AWS/SQS", metric, "QueueName", f"parley-${{Stage}}-{queue}", {"stat": "Maximum", "label": queue}]


def _own(metric: str, step: str, statistic: str = "p95") -> list[Any]:
    return ["Parley", metric, "step", step, "stage", "${Stage}", {"stat": statistic, "label": step}]


def _live(metric: str) -> list[Any]:
    return ["AWS/ApiGateway", metric, "ApiId", f"${{{sockets.API}}}", {"stat": "Sum", "label": metric}]


def _http(metric: str) -> list[Any]:
    return ["AWS/ApiGateway", metric, "ApiId", "${HttpApi}", {"stat": "Sum", "label": metric}]
