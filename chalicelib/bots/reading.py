"""From a body to events: one or an array, every wrong field named, whatever JSON it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chalicelib.bots.fields import Fields, Problems

MAX_EVENTS = 100
MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Read(Generic[E]):
    """The well-formed events of a body in their order, and what is wrong with the rest."""

    events: tuple[E, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, message) of each wrong field."""
    too_large: bool = False
    """One of the problems is a size: 413 rather than 422."""


def parsed(raw: bytes) -> Any:
    """The JSON of a body; ValueError for what is none, also for NaN, and numbers and nesting beyond reason."""
    try:
        return json.loads(raw, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_all(given: Any, one: Callable[[Fields], E]) -> Read[E]:
    """Read one event or an array of at most 100 with `one`, which notes its problems in the fields.

    `given` is the raw body or its JSON.
    """
    if isinstance(given, bytes | bytearray):
        if len(given) > MAX_BYTES:
            return Read(problems=(("", f"has {len(given)} bytes; at most {MAX_BYTES} are taken"),), too_large=True)
        try:
            given = parsed(bytes(given))
        except ValueError as error:
            return Read(problems=(("", f"is no JSON: {error}"[:200]),))
    if isinstance(given, list):
        if not 1 <= len(given) <= MAX_EVENTS:
            return Read(problems=(("", f"must hold 1 to {MAX_EVENTS} events"),))
        return read_each([(f"/{index}", item) for index, item in enumerate(given)], one)
    return read_each([("", given)], one)


def read_each(given: list[tuple[str, Any]], one: Callable[[Fields], E]) -> Read[E]:
    """Read the events at these pointers."""
    events: list[E] = []
    problems = Problems()
    for at, item in given:
        before = len(problems.found)
        if not isinstance(item, dict):
            problems.found.append((at, "must be an object"))
        elif fault := _fault(item):
            problems.found.append((at, fault))
        else:
            event = one(Fields.of(item, at, problems))
            if len(problems.found) == before:
                events.append(event)
    return Read(tuple(events), tuple(problems.found), problems.too_large)


def _fault(item: dict[str, Any]) -> str:
    """What would make an event unfit to be stored and sent on."""
    level: list[Any] = [item]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            break
    else:
        return f"is nested more than {MAX_DEPTH} deep"
    try:
        json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    except (ValueError, TypeError):
        return "holds a number that is none"
    return ""


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
