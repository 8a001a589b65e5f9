"""Calls over HTTP from one run of a Lambda after the other, in one event loop and over connections that are kept.

A bot that answers within seconds of another of its messages needs no new connection, which is two exchanges with it,
and the loop and the session are made once: two thirds of a call's CPU.
"""

from __future__ import annotations

import asyncio
import atexit
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

from chalicelib.ports import http
from chalicelib.ports.http import Web

_IDLE_S = 3
"""For so long a process may have stood still and go on with its connections. Most servers keep them for 5 s or more;
the connector drops those of 4 s, but by its own clock, which may stand still while the process is frozen."""
Found = TypeVar("Found")


def run(work: Callable[[Web], Awaitable[Found]]) -> Found:
    """What `work` gives with the guarded calls that it is handed (`ports.http.Web`).

    Of a server that closed a connection meanwhile it hears before the work begins. Where the work raises, nothing of it
    is left running.
    """
    global _kept
    now = time.time()
    if _kept is not None and not 0 <= now - _kept.used_at < _IDLE_S:
        forget()
    kept = _kept = _kept or _Kept()
    try:
        found = kept.runner.run(kept.do(work))
    except BaseException:
        forget()
        raise
    kept.used_at = time.time()
    return found


def forget() -> None:
    """As in a process that has just begun."""
    global _kept
    kept, _kept = _kept, None
    if kept is not None:
        kept.close()


class _Kept:
    """An event loop and the session of it."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.used_at = 0.0
        """In seconds since the epoch."""
        self._open = AsyncExitStack()
        self._web: Web | None = None

    async def do(self, work: Callable[[Web], Awaitable[Found]]) -> Found:
        """The work, with the session."""
        if self._web is None:
            self._web = await self._open.enter_async_context(http.web())
        else:
            # The loop stood still since. What its connections were told meanwhile it takes in now: a turn each for
            # reading that one was closed, closing it too, and forgetting it.
            for _ in range(3):
                await asyncio.sleep(0)
        return await work(self._web)

    def close(self) -> None:
        """Close the connections and the loop, and end what still runs in it."""
        with suppress(Exception):
            self.runner.run(self._open.aclose())
        self.runner.close()


_kept: _Kept | None = None
atexit.register(forget)
