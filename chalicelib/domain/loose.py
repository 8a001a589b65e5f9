"""Reading JSON of which nothing is sure: what is not of the shape asked for counts as absent."""

from __future__ import annotations

from typing import Any


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be an array of objects; empty where it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def word(value: Any) -> str:
    """A string or a whole number as text; empty for all else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30 else ""
