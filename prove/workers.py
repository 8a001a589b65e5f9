"""The emulator's Lambda workers, to be killed in the midst of their work."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

EXEMPT = ("api",)
"""Set-up and reading go through it; nobody promises that a reader is not cut off."""


def running(emulator: int, stage: str) -> list[tuple[int, str]]:
    """Process id and function of each worker of an emulator."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            variables = (path / "environ").read_bytes().split(b"\0") if parent == emulator else []
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        names = [one.partition(b"=")[2].decode() for one in variables if one.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")]
        found += [(int(path.name), name.removeprefix(f"parley-{stage}-")) for name in names]
    return sorted(found)


def kill_one(emulator: int, stage: str, dice: random.Random) -> str:
    """Kill a worker as the kernel would that has no memory left; gives the function's name, "" where there is none."""
    workers = [one for one in running(emulator, stage) if one[1] not in EXEMPT]
    if not workers:
        return ""
    pid, name = dice.choice(workers)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return ""
    return name
