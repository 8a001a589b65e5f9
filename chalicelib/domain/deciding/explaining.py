"""Why a condition holds or not: each comparison in it with the values that it saw.

Nothing is cut short: also what the engine would not have asked any more, after an `or` that holds, is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.deciding import conditions

JOINING = frozenset({"and", "or", "if", "?:"})
"""Operators of which only what they join is told."""
_TURNING = frozenset({"!", "!!"})
"""Operators that are told as well as what they are about."""
_OF_ITEMS = frozenset({"some", "all", "none", "map", "filter", "reduce"})
"""Operators whose later arguments are asked of each item of the first, and are nothing by themselves."""
MOST = 200
"""Clauses that are told of one condition."""
_MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison of a condition."""

    pointer: str
    """JSON pointer to it within the condition."""
    operator: str
    values: tuple[Any, ...]
    """What its arguments were."""
    result: Any
    """What it gave; None where it cannot be evaluated."""


def clauses(rule: Any, facts: dict[str, Any]) -> list[Clause]:
    """The clauses of a condition over some facts, in its order, at most `MOST`; none of one that always holds."""
    return [clause for _, clause in zip(range(MOST), _walked(rule, facts, ""), strict=False)]


def _walked(node: Any, facts: dict[str, Any], path: str) -> Iterator[Clause]:
    if not isinstance(node, dict) or len(node) != 1:
        return
    ((operator, given),) = node.items()
    arguments = given if isinstance(given, list) else [given]
    pointer = f"{path}/{conditions.escaped(operator)}"
    if operator in JOINING or operator in _TURNING:
        for n, one in enumerate(arguments):
            yield from _walked(one, facts, f"{pointer}/{n}" if isinstance(given, list) else pointer)
    if operator not in JOINING:
        asked = arguments[:1] if operator in _OF_ITEMS else arguments
        values = tuple(_short(conditions.value(one, facts)) for one in asked)
        yield Clause(pointer, operator, values, _short(conditions.value(node, facts)))


def _short(value: Any) -> Any:
    return value[:_MOST_TEXT] if isinstance(value, str) else value
