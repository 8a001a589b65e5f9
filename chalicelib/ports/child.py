"""A process of our own that works for this one, within memory and time: for code that may take all of either.

Some engines end their process when memory runs out, and none can be stopped from within. A child is started once, kept
warm, and started again where it ended; it has no environment of ours, so there is no secret in it. Pipes alone: Lambda
has no /dev/shm, which `multiprocessing` needs (https://docs.aws.amazon.com/lambda/latest/dg/python-concurrency.html).
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

MOST_MB = 192
"""Address space of a child; one that has just begun has 18 MB of it."""
_CPU_S = 10
"""Of one item, for a child whose parent is gone: who waits has given up long before."""
_CHUNK = 64 * 1024


class Unanswered(Enum):
    """Why an item has no answer."""

    ENDED = "took more memory or time than it may"
    LATE = "came too late to be tried"


class Child:
    """`python -m module`, which calls `serve`."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._running: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()

    def answers(self, shared: Any, items: list[Any], *, each_s: float, all_s: float) -> list[Any]:
        """The answer to each item, in order, or why there is none. Seconds are those of waiting; never raises.

        An item that ends the child has no answer, and those after it are asked of a new one. Who finds others there
        waits for as long again: what they take is not counted as theirs, and none of them is tried where it is more.
        """
        found: list[Any] = []
        if not self._one_at_a_time.acquire(timeout=max(0.0, all_s)):
            return [Unanswered.LATE] * len(items)
        try:
            until = time.monotonic() + all_s
            while len(found) < len(items) and time.monotonic() < until:
                answered = list(self._asked(shared, items[len(found) :], each_s, until))
                found += answered
                if len(found) < len(items):
                    self._end()
                    found.append(Unanswered.ENDED)
        finally:
            self._one_at_a_time.release()
        return found + [Unanswered.LATE] * (len(items) - len(found))

    def _asked(self, shared: Any, items: list[Any], each_s: float, until: float) -> Iterable[Any]:
        """Answers up to the item at which the child ends, or is too late."""
        child = self._started()
        to, back = child.stdin, child.stdout
        if to is None or back is None:
            return
        try:
            # It reads all of it before it answers, so neither waits for the other.
            to.write(json.dumps({"shared": shared, "items": items}).encode() + b"\n")
            to.flush()
        except OSError:
            return
        read = b""
        for _ in items:
            item_until = min(until, time.monotonic() + each_s)
            while b"\n" not in read:
                ready, _, _ = select.select([back], [], [], max(0.0, item_until - time.monotonic()))
                chunk = os.read(back.fileno(), _CHUNK) if ready else b""
                if not chunk:
                    return
                read += chunk
            line, _, read = read.partition(b"\n")
            yield json.loads(line)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._running is None or self._running.poll() is not None:
            self._end()
            self._running = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env={"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # What an engine says as it dies shows what it was given.
                stderr=subprocess.DEVNULL,
            )
        return self._running

    def _end(self) -> None:
        child, self._running = self._running, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def serve(answer: Callable[[Any, Any], Any]) -> None:
    """Be the child: answer each item with `answer(shared, item)`, until nobody asks any more."""
    _bound()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        for item in asked["items"]:
            _allow_cpu()
            sys.stdout.buffer.write(json.dumps(answer(asked["shared"], item)).encode() + b"\n")
            sys.stdout.buffer.flush()


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = MOST_MB * 2**20
    # macOS knows the limit and refuses to lower it; what is deployed runs on Linux.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _allow_cpu() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + _CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
