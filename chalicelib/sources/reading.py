"""What is posted to a source, as JSON that a mapping can read and a table can hold."""

from __future__ import annotations

from typing import Any

MOST_EVENTS = 500
"""In one post."""
MOST_DEPTH = 20
"""Levels of an event; DynamoDB takes 32, and the event lies within its message."""


def unreadable(event: Any) -> str:
    """Why something cannot be an event; empty where it can."""
    return _unreadable(event, MOST_DEPTH) if isinstance(event, dict) else "must be an object"


def _unreadable(value: dict[str, Any] | list[Any], levels: int) -> str:
    if levels == 0:
        return f"is nested deeper than {MOST_DEPTH} levels"
    if isinstance(value, dict) and "" in value:
        return "has a field without a name"
    inner = value.values() if isinstance(value, dict) else value
    found = (_unreadable(item, levels - 1) for item in inner if isinstance(item, dict | list))
    return next((why for why in found if why), "")
