"""Results: a table on the screen, `bench/results/<name>.json` and `.md`."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")


@dataclass
class Goal:
    """What a figure should be, and what it is."""

    what: str
    most: float
    is_: float
    unit: str = ""
    parts: dict[str, float] = field(default_factory=dict)
    """What the figure is made of, in its unit: where a goal is missed, this is where it goes."""

    @property
    def met(self) -> bool:
        return self.is_ <= self.most

    def line(self) -> str:
        """As one line."""
        word = "met" if self.met else "MISSED"
        return f"{self.what}: {shown(self.is_)} {self.unit}(goal at most {shown(self.most)}): {word}"


@dataclass
class Result:
    """What one bench found."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    """Everything measured, for programs."""

    def keep(self) -> None:
        """Print, and write both files."""
        RESULTS.mkdir(exist_ok=True)
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        about = {"at": at, "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        goals = [asdict(goal) | {"met": goal.met} for goal in self.goals]
        data = {"name": self.name, "title": self.title, "about": about, "goals": goals, "figures": self.figures}
        text = json.dumps(data | {"notes": self.notes}, indent=1, ensure_ascii=False) + "\n"
        (RESULTS / f"{self.name}.json").write_text(text, encoding="utf-8")
        (RESULTS / f"{self.name}.md").write_text(self.markdown(at), encoding="utf-8")
        print(self.plain(), file=sys.stdout, flush=True)

    def markdown(self, at: str) -> str:
        """As a page."""
        lines = [f"# {self.title}", "", f"`python -m bench {self.name}`, {at}", "", _row(self.columns)]
        lines += [_row(["---", *["---:"] * (len(self.columns) - 1)]), *(_row(row) for row in self.rows), ""]
        lines += [*(f"- {goal.line()}" for goal in self.goals), ""]
        lines += [f"{note}\n" for note in self.notes]
        return "\n".join(lines).rstrip() + "\n"

    def plain(self) -> str:
        """As aligned text."""
        cells = [[shown(cell) for cell in row] for row in [self.columns, *self.rows]]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = ["", f"== {self.title}"]
        for row in cells:
            first, *rest = zip(row, widths, strict=True)
            lines.append("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]))
        lines += [f"   {goal.line()}" for goal in self.goals] + [f"   {note}" for note in self.notes]
        return "\n".join(lines)


def last(name: str) -> dict[str, Any]:
    """The figures of a bench's last run; {} where it never ran."""
    path = RESULTS / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["figures"]) if path.exists() else {}


def shown(value: Any) -> str:
    """A number with as many digits as it deserves."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return str(value)


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(shown(cell) for cell in cells) + " |"
