"""`python -m bench [name ...]`: all benches, or those named, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path

from bench.goals import table

BENCHES = (
    "cpu", "requests", "memory", "hearing", "sessions", "console", "first_page", "figures", "capacity", "idle",
    "floods", "thread_length", "recent", "imports", "latency", "lag", "triggers", "throughput",
)  # fmt: skip
"""In this order: the dollars of `requests` use the CPU that `cpu` measured, and those after it what it counted."""


def main(given: list[str]) -> int:
    """Run them; 1 where one did not run, whatever its figures are. From the first `--option` on it is theirs."""
    names = list(takewhile(lambda word: not word.startswith("--"), given))
    options = given[len(names) :]
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    began, broken = time.monotonic(), []
    for name in names or BENCHES:
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}", *options], cwd=Path(__file__).parents[1], check=False
        )
        if done.returncode:
            broken.append(name)
    print(table(BENCHES))
    print(f"\n{time.monotonic() - began:.0f} s; results are in bench/results/")
    if broken:
        print(f"did not run: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
