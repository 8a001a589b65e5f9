"""Conditions of rules: JSONLogic (https://jsonlogic.com), run by datalogic-py.

The same data runs in the browser with json-logic-js. The engine is imported at the first condition.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any

MAX_BYTES = 8192
MAX_DEPTH = 20
VARIABLES: dict[str, frozenset[str]] = {
    "message": frozenset({"type", "text", "source", "postback", "language", "event"}),
    "contact": frozenset({"id", "name", "phone", "email", "attributes", "tags"}),
    "channel": frozenset({"id", "kind"}),
    "thread": frozenset({"owner", "first", "last_message_age_s"}),
    "event": frozenset({"type"}),
    "now": frozenset({"hour", "minute", "weekday", "date"}),
}
"""What a condition may read."""
OPEN = {("contact", "attributes")}
"""Facts whose members are the owner's own."""
_UNKNOWABLE = {"now", "throw", "try"}
"""Operators that are the engine's own extension and not the same everywhere, or hide mistakes."""


def problems(rule: Any) -> list[tuple[str, str]]:
    """(JSON pointer within the rule, message) of everything that is wrong with it; [] where it can be used."""
    if _is_always(rule):
        return []
    if not isinstance(rule, (dict, bool)):
        return [("", 'must be a JSONLogic condition, as {"==": [{"var": "message.text"}, "hello"]}')]
    if deep := _too_deep(rule):
        return [(deep, f"is nested deeper than {MAX_DEPTH} levels")]
    if len(_text(rule).encode()) > MAX_BYTES:
        return [("", f"is larger than {MAX_BYTES} bytes")]
    found = [(one["pointer"], one["message"]) for one in _engine().check(_text(rule)) if one["severity"] == "error"]
    found += [(path, f"operator `{name}` is not available here") for path, name in _calls(rule) if name in _UNKNOWABLE]
    return found or _unknown_variables(rule)


def matches(rule: Any, facts: dict[str, Any]) -> tuple[bool, str]:
    """(whether it matches, error): a condition that cannot be evaluated does not match, and says why.

    `facts` are plain JSON: no Decimal, no datetime.
    """
    if _is_always(rule):
        return True, ""
    try:
        return bool(_engine().truthy(_compiled(_text(rule)).evaluate(facts))), ""
    except Exception as error:  # whatever the engine raises, a rule must not stop a message
        return False, f"{type(error).__name__}: {error}"[:300]


def value(rule: Any, facts: dict[str, Any]) -> Any:
    """What any part of a condition gives, None where it cannot be evaluated."""
    try:
        return _compiled(_text(rule)).evaluate(facts)
    except Exception:  # as in `matches`
        return None


def operators() -> list[str]:
    """The operators that a condition may have."""
    known = {name for one in _engine().operators() for name in (one["name"], *one["aliases"])}
    return sorted(known - _UNKNOWABLE)


def _is_always(rule: Any) -> bool:
    return rule is None or rule is True or rule == {}


def _text(rule: Any) -> str:
    return json.dumps(rule, separators=(",", ":"), ensure_ascii=False)


@cache
def _engine() -> Any:
    from datalogic_py import Engine

    return Engine(
        families=["DateTime", "ExtString", "ErrorHandling"],
        # Bounds of one evaluation: what a hostile rule may cost is well under a millisecond.
        config={"ops_budget": 20_000, "max_recursion_depth": 40},
    )


@lru_cache(maxsize=1024)
def _compiled(rule: str) -> Any:
    return _engine().compile(rule)


def _too_deep(value: Any, path: str = "", depth: int = 0) -> str:
    """Pointer of what lies too deep, empty where nothing does."""
    if depth > MAX_DEPTH:
        return path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if found := _too_deep(item, f"{path}/{escaped(key)}", depth + 1):
            return found
    return ""


def _unknown_variables(rule: Any) -> list[tuple[str, str]]:
    reads = _compiled(_text(rule)).facts()["reads"]
    unknown = {".".join(map(str, read)) for read in reads if not _known(read)}
    wrong: list[tuple[str, str]] = []
    for path, name, argument in _reads(rule):
        spelled = [argument] if isinstance(argument, (str, int)) else argument if isinstance(argument, list) else None
        if spelled is None or any(isinstance(one, (dict, list)) for one in spelled[:1]):
            wrong.append((path, "must name its variable as a text"))
            continue
        names = (
            [".".join(map(str, spelled))]
            if name == "val"
            else [str(one) for one in spelled[: 1 if name == "var" else None]]
        )
        wrong += [(path, f"unknown variable `{one}`") for one in names if one in unknown]
    # What the walk above did not place (an extension's own way of reading) is still refused.
    return wrong or [("", f"unknown variable `{one or '(everything)'}`") for one in sorted(unknown)]


def _known(read: list[Any]) -> bool:
    steps = [str(step) for step in read]
    if not steps or steps[0] not in VARIABLES:
        return False
    if len(steps) == 1:
        return True
    if steps[1] not in VARIABLES[steps[0]]:
        return False
    return len(steps) == 2 or (steps[0], steps[1]) in OPEN


def _calls(value: Any, path: str = "") -> list[tuple[str, str]]:
    """(pointer, operator) of each call."""
    found: list[tuple[str, str]] = []
    if isinstance(value, dict):
        for key, item in value.items():
            found += [(f"{path}/{escaped(key)}", str(key)), *_calls(item, f"{path}/{escaped(key)}")]
    elif isinstance(value, list):
        for n, item in enumerate(value):
            found += _calls(item, f"{path}/{n}")
    return found


def _reads(value: Any, path: str = "") -> list[tuple[str, str, Any]]:
    """(pointer, operator, argument) of each call that reads a variable by name."""
    found: list[tuple[str, str, Any]] = []
    if isinstance(value, dict):
        for key, item in value.items():
            at = f"{path}/{escaped(key)}"
            if key in ("var", "val", "missing"):
                found.append((at, key, item))
            else:
                found += _reads(item, at)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            found += _reads(item, f"{path}/{n}")
    return found


def escaped(step: Any) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
