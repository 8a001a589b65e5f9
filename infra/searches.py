"""Searches of the logs that one wants in a hurry, kept in CloudWatch: replace the id, run, read from top to bottom."""

from __future__ import annotations

from typing import Any

from infra import edges, shared

_FIELDS = "fields @timestamp, step, outcome, status, took_ms, level, message, exception"
OF_LAMBDA = ("errorMessage", "type", "record.status")
"""Fields of what Lambda itself and its runtime write: an exception that nobody caught, a run that was ended."""
SEARCHES: dict[str, tuple[str, str]] = {
    "trace": ("One message on its way", '| filter trace = "tc_"'),
    "thread": ("All that happened to a conversation", '| filter thread_id = "th_"'),
    "delivery": ("A delivery and its attempts", '| filter delivery = "dl_"'),
    "trouble": (
        "What is worth a look",
        '| filter level in ["WARNING", "ERROR", "CRITICAL"] or ispresent(errorMessage) or type like "platform."',
    ),
}
"""Name -> what it finds, and how it is looked for. Kept queries cost nothing; running one costs by what it reads."""


def resources() -> dict[str, Any]:
    """A kept query each, over the logs of all Lambdas."""
    shown = f"{_FIELDS}, {', '.join(OF_LAMBDA)}"
    groups = [{"Ref": shared.log_group(name)} for name in edges.names()]
    return {
        f"{name.capitalize()}Search": {
            "Type": "AWS::Logs::QueryDefinition",
            "Properties": {
                "Name": {"Fn::Sub": f"parley-${{Stage}}/{name}"},
                "LogGroupNames": groups,
                "QueryString": f"# {about}\n{shown}\n{where}\n| sort @timestamp asc\n| limit 500",
            },
        }
        for name, (about, where) in SEARCHES.items()
    }
