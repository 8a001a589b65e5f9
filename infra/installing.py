"""`pip install`, told in a line for each step that takes a while: pip says all or nothing.

    .venv/bin/python -m infra.installing -r requirements.txt

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import itertools
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

_EVERY_S = 2.0
_PATIENCE_S = 10.0
_MET = re.compile(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
_PLACING = re.compile(r"Installing collected packages: (.+)")


def told(lines: Iterator[str | None], wanted: int, now: Callable[[], float]) -> Iterator[str]:
    """What a person reads of pip's lines; None in them says that nothing came for a while."""
    met: dict[str, None] = {}
    doing, began, said = "asking pip", now(), now()
    for line in lines:
        at = now()
        if line is None:
            yield f"still {doing}, {at - began:.0f} s"
            said = at
        elif found := _PLACING.search(line):
            doing, began = f"putting {found[1].count(',') + 1} packages in their place", at
            yield doing
            said = at
        elif (found := _MET.search(line)) and found[1] not in met:
            met[found[1]] = None
            doing, began = f"getting {found[1]}", at
            if at - said >= _EVERY_S:
                yield f"{len(met)} of {max(wanted, len(met))}: {found[1]}"
                said = at


def wanted(arguments: list[str]) -> int:
    """How many packages are named."""
    files = [name for option, name in itertools.pairwise(arguments) if option == "-r"]
    pinned = re.compile(r"^[\w.-]+(?:\[[^\]]*\])?==", re.MULTILINE)
    return sum(len(pinned.findall(Path(name).read_text(encoding="utf-8"))) for name in files) or 1


def main(arguments: list[str]) -> int:
    """Install; gives pip's exit code, after the end of what pip said where it failed."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
    pip = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    last: deque[str] = deque(maxlen=30)
    for line in told(_lines(pip, last), wanted(arguments), time.monotonic):
        print(f"    {line}", flush=True)
    if code := pip.wait():
        sys.stderr.writelines(last)
    return code


def _lines(pip: subprocess.Popen[str], last: deque[str]) -> Iterator[str | None]:
    came: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        assert pip.stdout is not None  # noqa: S101 - it was asked for
        for line in pip.stdout:
            came.put(line)
        came.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = came.get(timeout=_PATIENCE_S)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        last.append(line)
        yield line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
