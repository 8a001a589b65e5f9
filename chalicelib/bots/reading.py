"""From a body to events: one or an array, every wrong field named, whatever JSON it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from chalicelib.bots.fields import Fields, Problems

MAX_EVENTS = 100
MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_FAULTS = 20
"""Named of one event; a body of nothing else holds thousands."""
MAX_IGNORED = 20
MAX_WHOLE, TINIEST, HUGEST = 10**38, 1e-100, 1e100
"""DynamoDB holds 38 digits and powers from -130 to 125, and raises for others: what was accepted would be stuck."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Read(Generic[E]):
    """The well-formed events of a body in their order, and what is wrong with the rest."""

    events: tuple[E, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, message) of each wrong field."""
    too_large: bool = False
    """One of the problems is a size: 413 rather than 422."""
    ignored: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, message) of members that mean nothing here; at most MAX_IGNORED."""


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
    ignored: list[tuple[str, str]] = []
    for at, item in given:
        before = len(problems.found)
        if not isinstance(item, dict):
            problems.found.append((at, "must be an object"))
        elif faults := list(islice(_faults(item, at), MAX_FAULTS)):
            problems.found += faults
        else:
            event = one(Fields.of(item, at, problems))
            unread = problems.unread()
            if len(problems.found) == before:
                events.append(event)
                ignored += unread
    return Read(tuple(events), tuple(problems.found), problems.too_large, tuple(ignored[:MAX_IGNORED]))


def _faults(value: Any, at: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """(JSON pointer, message) of what would make an event unfit to be stored and sent on."""
    if depth > MAX_DEPTH:
        yield at, f"is nested more than {MAX_DEPTH} deep"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not name or not _is_text(name):
                yield at, "holds a member whose name is empty or holds half of a surrogate pair"
            else:
                yield from _faults(inner, f"{at}/{name.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _faults(inner, f"{at}/{index}", depth + 1)
    elif isinstance(value, str) and not _is_text(value):
        yield at, "holds half of a surrogate pair"
    elif isinstance(value, int | float) and not _can_be_kept(value):
        yield at, "is a number that cannot be kept"


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _can_be_kept(number: float) -> bool:
    if isinstance(number, int):
        return abs(number) < MAX_WHOLE
    return number == 0 or TINIEST < abs(number) < HUGEST


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
