"""Two waits at the same time instead of one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def both(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What two reads give that need nothing of each other, in the time of the longer.

    Neither is left running: where one raises, the other is waited for, and then the first's error raised, or the
    second's.
    """
    there = _pool().submit(second)
    try:
        here = first()
    except BaseException:
        wait([there])
        raise
    return here, there.result()


@cache
def _pool() -> ThreadPoolExecutor:
    # Kept by the process: making a thread costs as much as half a call. A step calls from one thread and waits.
    return ThreadPoolExecutor(1, thread_name_prefix="at-once")
