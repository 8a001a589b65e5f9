"""Makes the due attempt of a waiting webhook lane, apart from first attempts: a dead one delays only itself."""

from __future__ import annotations

from typing import Any

from chalicelib.channels.contract import Call
from chalicelib.lanes import webhooks as way
from chalicelib.lanes.lane import recover, try_again
from chalicelib.lanes.pump import each_lane


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of due retries: `{"lane", "head", "attempt", "open"?: "held"|"all"}`."""

    async def work(call: Call, body: dict[str, Any]) -> None:
        if body.get("open"):
            await recover(way, call, body["lane"], step="retry_delivery", held=body["open"] == "held")
        else:
            await try_again(way, call, body["lane"], step="retry_delivery", head=body["head"], attempt=body["attempt"])

    return each_lane(event, work, step="retry_delivery")
