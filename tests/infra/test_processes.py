"""What the local run starts does not outlive it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_STARTS_ONE = """
import sys, time
from pathlib import Path
from infra.local.processes import start
print(start(["sleep", "300"], log=Path(sys.argv[1])).pid, flush=True)
time.sleep(300)
"""


def _runs(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told by Linux only")
def test_it_ends_with_the_one_who_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STARTS_ONE, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _runs(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)
