"""MiniStack 1.5.33 with less CPU for the same, and without waits that AWS has not: it bounds the local stack.

Run by the emulator's own Python from `mended.py`. Of a round trip (`python -m bench throughput`) asyncio's loop takes a
quarter, and forgetting old deduplication ids with each message copies those of the last five minutes. All streams are
read by the one thread that also looks at queues, so that a page is told before the bot is. And whoever calls a function
waits 50 ms for lines of its log that do not come, where it has nothing to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import queue
import select
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

PRUNE_S = 2
"""How often a queue forgets deduplication ids whose five minutes are over; so they may last so much longer."""
NAP_S = 0.01
"""How long it rests after a wake that found nothing: 50 ms else, which come or not by chance on a message's way. A look
goes through all queues, so without a rest it does nothing else."""
FIRST = "-fan_out"
"""Ending of the function that reads streams where all are read, since what it does is waited for by a person."""
_STREAMS = 16
"""Readers of streams at the same time."""
Mapping = tuple[str, str, dict[str, Any]]
"""(account, region, event source mapping)."""


class Heard:
    """What a process says on a pipe: lines are put on a queue as they come, and all that it has said can be had now."""

    def __init__(self, pipe: IO[str], lines: queue.Queue[str]) -> None:
        self._pipe, self._lines, self._rest, self._lock = pipe, lines, b"", threading.Lock()

    def follow(self) -> None:
        """Until the pipe ends."""
        with contextlib.suppress(OSError, ValueError):  # closed by whoever ended the process
            while self._waits(None) and self.take():
                pass

    def take(self) -> bool:
        """What the pipe holds now; False where it has ended."""
        with self._lock:
            while self._waits(0):
                if not (said := os.read(self._pipe.fileno(), 65536)):
                    return False
                *lines, self._rest = (self._rest + said).split(b"\n")
                for line in lines:
                    self._lines.put(line.decode(errors="replace"))
        return True

    def _waits(self, timeout_ms: int | None) -> bool:
        poll = select.poll()
        poll.register(self._pipe.fileno(), select.POLLIN)
        return bool(poll.poll(timeout_ms))


def at_once(worker: Any) -> None:
    """Have workers of a class hand over what a function has said with its answer: it was all said before."""
    later, lock = worker._drain_stderr_bounded, threading.Lock()

    def heard(one: Any) -> Heard:
        with lock:
            if getattr(one, "_heard", (None,))[0] is not one._proc:
                one._heard = one._proc, Heard(one._proc.stderr, one._stderr_queue)
            return one._heard[1]  # type: ignore[no-any-return]  # it has no types

    def drain(one: Any, *waits: float, **named: float) -> str:
        if type(one) is not worker or one._proc is None:
            return str(later(one, *waits, **named))
        with contextlib.suppress(OSError, ValueError):
            heard(one).take()
        return str(one._drain_stderr())

    def read(one: Any) -> None:
        with contextlib.suppress(AttributeError):  # it was ended as it began
            heard(one).follow()

    worker._read_stderr, worker._drain_stderr_bounded = read, drain


def seldom(prune: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """The same for each queue at most every two seconds."""
    pruned: dict[int, float] = {}

    def run(queue: dict[str, Any]) -> None:
        now = time.time()
        if not 0 <= now - pruned.get(id(queue), 0) < PRUNE_S:
            pruned[id(queue)] = now
            prune(queue)

    return run


def apart(lambdas: Any, behind: Callable[[Mapping], bool]) -> None:
    """Have each reader of a stream but the first read by itself, in order; `behind` says whether it has any to read."""
    read_all, all_of_them = lambdas._poll_dynamodb_streams, lambdas._iter_all_esms
    mine, busy, pool = threading.local(), set[str](), ThreadPoolExecutor(_STREAMS)

    def read(mapping: Mapping) -> None:
        mine.mappings, came = [mapping], False
        try:
            while read_all():
                came = True
        finally:
            mine.mappings = None
            busy.discard(mapping[2]["UUID"])
            if came:
                # What was written while it read may have woken nobody.
                lambdas._esm_wake.set()

    def poll() -> bool:
        streams = [mapping for mapping in all_of_them() if _reads_a_stream(mapping[2])]
        first = [mapping for mapping in streams if mapping[2]["FunctionName"].endswith(FIRST)]
        for mapping in streams:
            id = mapping[2]["UUID"]
            if mapping not in first and id not in busy and behind(mapping):
                busy.add(id)
                pool.submit(read, mapping)
        mine.mappings = first
        try:
            return bool(read_all())
        finally:
            mine.mappings = None

    def of_this_thread() -> Iterable[Mapping]:
        mappings: Iterable[Mapping] | None = getattr(mine, "mappings", None)
        return list(all_of_them()) if mappings is None else mappings

    lambdas._iter_all_esms, lambdas._poll_dynamodb_streams = of_this_thread, poll


def _reads_a_stream(mapping: dict[str, Any]) -> bool:
    return bool(mapping.get("Enabled", True)) and ":dynamodb:" in str(mapping.get("EventSourceArn"))


def _behind(lambdas: Any, dynamodb: Any) -> Callable[[Mapping], bool]:
    def behind(mapping: Mapping) -> bool:
        account, region, about = mapping
        if lambdas._esm_backoff_until.get(about["UUID"], 0) > time.time():
            return False
        lambdas._request_account_id.set(account)
        lambdas._request_region.set(region)
        table = about["EventSourceArn"].partition(":table/")[2].partition("/")[0]
        return bool(dynamodb.stream_end_position(table) != lambdas._dynamodb_stream_positions.get(about["UUID"]))

    return lambda mapping: contextvars.copy_context().run(behind, mapping)


def quicken(sqs: Any, lambdas: Any, dynamodb: Any, worker: Any) -> None:
    """Make the emulator, whose modules of these services and class of workers are given, as quick as it can be from
    outside."""
    at_once(worker)
    sqs._prune_dedup = seldom(sqs._prune_dedup)
    lambdas._ESM_IDLE_WAKE_GAP_SECONDS = NAP_S
    apart(lambdas, _behind(lambdas, dynamodb))
    try:
        import uvloop  # type: ignore[import-not-found]  # of the emulator's environment, where there is a build of it
    except ImportError:
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
