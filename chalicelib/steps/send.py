"""Pumps the lanes of channels: the wake-ups of `fan_out`, first attempts in order."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.exchange import Call
from chalicelib.domain.order import Order
from chalicelib.lanes import providers as transport
from chalicelib.lanes.lane import pump
from chalicelib.lanes.pump import each_lane
from chalicelib.lanes.time_left import within


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of wake-ups, each an `Order`."""

    async def work(call: Call, order: Order) -> None:
        remaining = context.get_remaining_time_in_millis
        call = within(call, remaining)
        await pump(transport, call, order.lane, step="send", reopen=order.open, remaining_ms=remaining)

    return each_lane(event, work, step="send")
