"""How many round trips a second the local stack does, and what bounds it: the CPU of the emulator's one process.

Visitors talk to the same bot at the same time, each waiting for its answer before it writes again. What one core of
the emulator gives at most follows from the CPU that it takes for a round trip, however many cores the machine has; the
Lambdas run beside it in processes of their own. Nothing here says what AWS would do.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from bench.bot import bot
from bench.latency import Way, chat_of, visitor
from bench.report import Result
from bench.words import ASKED
from infra.local.stack import stack

VISITORS, TRIPS, WARM = 12, 15, 2
ANSWER_S = 30


def measure() -> Result:
    """All at once, after a few to warm up."""
    with bot() as heard, stack() as up:
        channel = chat_of(up, heard.url)
        ways = [visitor(up, channel) for _ in range(VISITORS)]
        _all(ways, WARM)
        pid = up.emulator.pid
        assert pid
        began, cpu = time.monotonic(), _cpu_s(pid)
        _all(ways, TRIPS)
        took, cpu = time.monotonic() - began, _cpu_s(pid) - cpu
    trips = VISITORS * TRIPS
    each_ms = cpu / trips * 1000
    rows: list[list[Any]] = [
        ["round trips a second", trips / took],
        ["CPU of the emulator for a round trip, ms", each_ms],
        ["at most, round trips a second of one core", 1000 / each_ms],
        ["the machine's load when it ended", os.getloadavg()[0]],
    ]
    note = f"{VISITORS} visitors, {TRIPS} round trips each. The bound is the emulator's process, which has one core."
    figures = {"trips_a_second": trips / took, "emulator_cpu_ms": each_ms, "bound_a_second": 1000 / each_ms}
    return Result("throughput", "Throughput of the local stack", ["what", "is"], rows, notes=[note], figures=figures)


def _all(ways: list[Way], trips: int) -> None:
    wrong: list[BaseException] = []

    def talks(way: Way) -> None:
        try:
            for _ in range(trips):
                way.post(f"{ASKED} {time.time_ns():020d}")
                until = time.monotonic() + ANSWER_S
                while not way.poll():
                    # Of so many from one address not all are held at the server.
                    assert time.monotonic() < until, "no answer in time"
                    time.sleep(0.05)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=talks, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process alone, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    measure().keep()
