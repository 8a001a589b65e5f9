"""One local run in a folder at a time: who runs there holds a lock, in which it says who it is.

Standard library only: `make clean` asks it with whatever Python there is.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "lock"
_LOOK_S = 0.2


@dataclass(frozen=True)
class Holder:
    """Who holds a folder, as it said of itself."""

    pid: int
    """0 where it said nothing yet."""
    address: str

    @property
    def lives(self) -> bool:
        """Whether its process is still there; what it started may outlive it."""
        if not self.pid:
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


class Held(Exception):
    """Somebody else runs in the folder."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        who = f"pid {holder.pid}, {holder.address}" if holder.pid else "just starting"
        if holder.lives:
            told = f"a local run is already there in {folder} ({who}); it was left alone"
        else:
            told = (
                f"a local run in {folder} was killed ({who}), and its emulator is still there: it writes down what it "
                "has, or waits to be ended by hand"
            )
        super().__init__(told)
        self.holder = holder


@contextmanager
def held(
    folder: Path, *, address: str = "", patience_s: float = 0, say: Callable[[str], None] = lambda _: None
) -> Iterator[int]:
    """Hold a folder while the block runs; Held, with nothing touched, where somebody else does.

    Gives the lock's file descriptor: what inherits it holds the folder, too, until it ends. For that of a holder that
    was killed is waited for `patience_s` seconds, which is told once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    until = time.monotonic() + patience_s
    while (descriptor := _taken(path)) is None:
        why = Held(folder, _holder(path))
        if why.holder.lives or time.monotonic() > until:
            raise why
        say(str(why))
        say = _silent
        time.sleep(_LOOK_S)
    try:
        _say(descriptor, json.dumps({"pid": os.getpid(), "address": address}))
        yield descriptor
        _say(descriptor, "")
    finally:
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    """The lock's descriptor; None where it is another's."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _holder(path: Path) -> Holder:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(said["pid"]), str(said["address"]))
    return Holder(0, "")


def _say(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _silent(_: str) -> None:
    pass
