"""What is posted to a source, as JSON that a mapping can read and a table can hold."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MOST_EVENTS = 500
"""In one post."""
MOST_DEPTH = 20
"""Levels of an event; DynamoDB takes 32, and the event lies within its message."""
_EXACT = 2**53
_MOST_DIGITS = 400
"""Longer ones are no ids, and no numbers that anybody counts with."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NOT_ZERO, _TOO_LARGE = 1e-100, 1e100


def parsed(raw: bytes) -> Any:
    """The body as JSON; ValueError where it is none.

    Whole numbers beyond 2**53 become text, because JSONata would round them: ids of many systems are that long, and
    two events must not become one. So do numbers that no table could hold. Half of a surrogate pair becomes U+FFFD,
    as no queue could hold it.
    """
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_int=_whole, parse_float=_held, parse_constant=_refuse)
        if _SURROGATE.search(text):
            repaired = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
            value = json.loads(repaired.decode("utf-16", "replace"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


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


def _whole(digits: str) -> int | str:
    # By length first: int() of very many digits is quadratic, and Python refuses it beyond 4300.
    if len(digits) < 16:
        return int(digits)
    return digits[:_MOST_DIGITS] if len(digits) > 17 or abs(int(digits)) > _EXACT else int(digits)


def _held(text: str) -> float | str:
    number = float(text)
    if abs(number) > _TOO_LARGE:
        return text[:_MOST_DIGITS]
    return 0.0 if abs(number) < _NOT_ZERO else number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
