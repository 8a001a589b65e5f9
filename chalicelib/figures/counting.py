"""Facts into figures: by service and step, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.figures import Fact, step_of
from chalicelib.ports import clock
from chalicelib.tables import figures


def count(facts: Iterable[Fact]) -> int:
    """Count what was not counted yet, each fact once however often it comes; gives how many these were.

    Cut off between two transactions, the facts come again, and those of the first are known by their marks.
    """
    groups: dict[tuple[str, int], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.service, step_of(fact.at)), []).append(fact)
    now = clock.now_ms()
    return sum(figures.count(service, some, now_ms=now) for (service, _), some in groups.items())
