"""Makes the due attempt of a waiting channel lane, apart from first attempts: a dead one delays only itself."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.exchange import Call
from chalicelib.domain.order import HELD, Order
from chalicelib.lanes import providers as transport
from chalicelib.lanes.lane import recover, try_again
from chalicelib.lanes.pump import each_lane
from chalicelib.lanes.time_left import within


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of due retries, each an `Order`."""

    async def work(call: Call, order: Order) -> None:
        call = within(call, context.get_remaining_time_in_millis)
        if order.open:
            await recover(transport, call, order.lane, step="retry_send", held=order.open == HELD)
        else:
            await try_again(transport, call, order.lane, step="retry_send", head=order.head, attempt=order.attempt)

    return each_lane(event, work, step="retry_send")
