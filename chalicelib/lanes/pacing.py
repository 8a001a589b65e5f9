"""Sending no faster than a channel takes it: each attempt has a place in time, which it waits for.

A place within a second is waited for by who has it. Else the lane is put off until then as it is for a retry, so that
nobody stands still or comes back to look. What is bulk waits for a place among its like first, which has half of the
rate, and for one among all when that has come: so a campaign of any size leaves the other half to those who chat.
"""

from __future__ import annotations

import asyncio

from chalicelib.domain.lane import BULK, REPLAYS
from chalicelib.lanes.transport import Turn
from chalicelib.ports import clock
from chalicelib.tables import rates
from chalicelib.tables.deliveries import DeliveryRow

SOON_MS = 1000
"""For so long it is waited at most: SQS and the schedule know whole seconds only."""
BULK_SHARE = 0.5


async def turn(row: DeliveryRow, *, per_s: float) -> Turn | None:
    """Wait for the next attempt's place; when it comes, where that takes long."""
    attempt = str(len(row.attempts) + 1)
    queues = {"bulk": per_s * BULK_SHARE, "all": per_s} if str(row.lane).endswith((BULK, REPLAYS)) else {"all": per_s}
    of, _, place = str(row.place or "").partition(".")
    if of == attempt:
        queue, _, at = place.partition(".")
        if int(at) > clock.now_ms():
            return Turn(str(row.place), int(at))
        # It has come; behind that of the bulk is the one among all.
        queues = {name: rate for name, rate in queues.items() if name not in ("bulk", queue)}
    for name, rate in queues.items():
        at_ms = rates.take(
            str(row.destination) + ("" if name == "all" else f"#{name}"), per_s=rate, now_ms=clock.now_ms()
        )
        wait_ms = at_ms - clock.now_ms()
        if wait_ms > SOON_MS:
            return Turn(f"{attempt}.{name}.{at_ms}", at_ms)
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)
    return None
