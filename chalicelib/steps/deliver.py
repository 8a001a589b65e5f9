"""Pumps the lanes of bot and desk webhooks: the wake-ups of `fan_out`, first attempts in order."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.exchange import Call
from chalicelib.domain.lane import thread_of
from chalicelib.domain.order import Order
from chalicelib.lanes import seen_webhooks as transport
from chalicelib.lanes.lane import pump
from chalicelib.lanes.pump import each_lane


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of wake-ups, each an `Order`."""

    async def work(call: Call, order: Order) -> None:
        remaining = context.get_remaining_time_in_millis
        try:
            await pump(transport, call, order.lane, step="deliver", reopen=order.open, remaining_ms=remaining)
        finally:
            await transport.beside.over(thread_of(order.lane))

    return each_lane(event, work, step="deliver")
