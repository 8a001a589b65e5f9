"""The goals of all benches, from their last results: met, or missed and where it goes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench.report import RESULTS, Goal, shown

_PARTS = 6


def goals(names: Sequence[str]) -> list[tuple[str, Goal]]:
    """(bench, goal) of those that ran once, in their order."""
    found = []
    for name in names:
        path = RESULTS / f"{name}.json"
        if path.exists():
            for kept in json.loads(path.read_text(encoding="utf-8"))["goals"]:
                found.append((name, Goal(**{key: value for key, value in kept.items() if key != "met"})))
    return found


def table(names: Sequence[str]) -> str:
    """As aligned text; beneath each that is missed its largest parts."""
    found = goals(names)
    lines = ["", f"== Goals: {sum(goal.met for _, goal in found)} of {len(found)} met"]
    wide = max((len(f"{name}: {goal.what}") for name, goal in found), default=0)
    for name, goal in found:
        word = "met" if goal.met else "MISSED"
        said = f"{name}: {goal.what}".ljust(wide)
        lines.append(f"{said}  {shown(goal.is_):>7} {goal.unit.strip() or '':3}  at most {shown(goal.most):>5}  {word}")
        if not goal.met and goal.parts:
            largest = sorted(goal.parts.items(), key=lambda part: -part[1])[:_PARTS]
            lines.append("    of it " + ", ".join(f"{what} {shown(round(value, 2))}" for what, value in largest))
    return "\n".join(lines)
