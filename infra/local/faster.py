"""MiniStack 1.5.33 with less CPU for the same: its one process is what bounds the local stack.

Run by the emulator's own Python from `mended.py`. Of a round trip (`python -m bench throughput`) asyncio's loop takes a
quarter, and forgetting old deduplication ids with each message copies those of the last five minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

PRUNE_S = 2
"""How often a queue forgets deduplication ids whose five minutes are over; so they may last so much longer."""


def seldom(prune: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """The same for each queue at most every two seconds."""
    pruned: dict[int, float] = {}

    def run(queue: dict[str, Any]) -> None:
        now = time.time()
        if not 0 <= now - pruned.get(id(queue), 0) < PRUNE_S:
            pruned[id(queue)] = now
            prune(queue)

    return run


def quicken(sqs: Any) -> None:
    """Make the emulator, of which `sqs` is the module of queues, as quick as it can be from outside."""
    sqs._prune_dedup = seldom(sqs._prune_dedup)
    try:
        import uvloop  # type: ignore[import-not-found]  # of the emulator's environment, where there is a build of it
    except ImportError:
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
