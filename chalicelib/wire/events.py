"""From a body to events: one or an array, every wrong field named, whatever JSON it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from chalicelib.wire.any_case_fields import Fields, Problems
from chalicelib.wire.json_body import faults, read

MAX_EVENTS = 100
MAX_BYTES = 64 * 1024
MAX_FAULTS = 20
"""Named of one event; a body of nothing else holds thousands."""
MAX_IGNORED = 20

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


def read_all(given: Any, one: Callable[[Fields], E]) -> Read[E]:
    """Read one event or an array of at most 100 with `one`, which notes its problems in the fields.

    `given` is the raw body or its JSON.
    """
    if isinstance(given, bytes | bytearray):
        if len(given) > MAX_BYTES:
            return Read(problems=(("", f"has {len(given)} bytes; at most {MAX_BYTES} are taken"),), too_large=True)
        try:
            given = read(bytes(given))
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
        elif found := list(islice(faults(item, at), MAX_FAULTS)):
            problems.found += found
        else:
            event = one(Fields.of(item, at, problems))
            unread = problems.unread()
            if len(problems.found) == before:
                events.append(event)
                ignored += unread
    return Read(tuple(events), tuple(problems.found), problems.too_large, tuple(ignored[:MAX_IGNORED]))
