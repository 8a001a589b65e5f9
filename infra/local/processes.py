"""Starting a process that does not outlive us."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def start(
    command: list[str],
    *,
    log: Path,
    append: bool = False,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    inherits: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own: a Ctrl-C in the terminal then reaches us alone, and we end it in order.

    Where we are killed instead, Linux tells it to stop: the emulator then still writes its state down. `inherits` are
    descriptors that it keeps open, as a lock that is to stand for as long as it runs.
    """
    # The signal comes when the starting thread ends, so only the main thread's end means ours.
    bound = sys.platform == "linux" and threading.current_thread() is threading.main_thread()
    with log.open("ab" if append else "wb") as out:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherits,
            preexec_fn=_stop_with_parent if bound else None,
        )


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _stop_with_parent() -> None:
    """https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
