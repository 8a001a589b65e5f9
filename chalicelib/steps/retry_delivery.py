"""Makes the due attempt of a waiting webhook lane, apart from first attempts: a dead one delays only itself."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.exchange import Call
from chalicelib.domain.order import HELD, Order
from chalicelib.lanes import webhooks as transport
from chalicelib.lanes.lane import recover, try_again
from chalicelib.lanes.pump import each_lane


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of due retries, each an `Order`."""

    async def work(call: Call, order: Order) -> None:
        if order.open:
            await recover(transport, call, order.lane, step="retry_delivery", held=order.open == HELD)
        else:
            await try_again(transport, call, order.lane, step="retry_delivery", head=order.head, attempt=order.attempt)

    return each_lane(event, work, step="retry_delivery")
