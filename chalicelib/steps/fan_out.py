"""Carries out what `converse` decided: each new message becomes deliveries, each receipt is told, and put on the bus.

Decides nothing and reads next to nothing. A delivery's key is the stream position of its cause, so doing a record
twice gives the same rows; a row that is there already, even finished, stays as it is. Behind a batch's deliveries go
the orders to get files that only their providers have: cut off before, the records come again, and a file that is
ordered twice is kept once.
"""

from __future__ import annotations

from typing import Any

from chalicelib.announcing.event_bus import publish
from chalicelib.domain.lane import lane_of_route, replay_of, stream_key
from chalicelib.domain.message import DELIVERED, FAILED, READ, UNKNOWN, Message
from chalicelib.domain.platform_event import PlatformEvent
from chalicelib.domain.route import CHANNEL, Route
from chalicelib.files.ordering import order
from chalicelib.lanes.dispatch import dispatch, for_the_bus
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_change
from chalicelib.tables import attempts, deliveries, messages
from chalicelib.tables.messages import MessageRow

_TOLD = (DELIVERED, READ, FAILED)
"""States that bots and desks hear of (contract 2.2)."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of the messages stream."""
    told: list[PlatformEvent] = []
    said: list[Message] = []
    answer = each_change(event, lambda record: told.extend(handle(record, said)), step="fan_out")
    # After the deliveries, and for the whole batch: a queue and the bus take ten a call.
    order(said)
    publish(told)
    return answer


def handle(record: dict[str, Any], said: list[Message]) -> list[PlatformEvent]:
    """Handle one change of a message, which is added to what was `said` where it is new; gives what the event bus is
    to hear of it."""
    change = record["dynamodb"]
    status = record["eventName"] == "MODIFY"
    if record["eventName"] == "REMOVE":
        return []
    message = _message(change["NewImage"])
    if status:
        before = _message(change["OldImage"])
        if (before.state, before.error) == (message.state, message.error):
            return []
        if before.state == FAILED and (before.error or {}).get("code") == UNKNOWN:
            _found_out(message)
        elif before.state == message.state:
            return []
        if message.state not in _TOLD:
            return []
    else:
        said.append(message)
    told = dispatch(message, position=stream_key(change["SequenceNumber"]), status=status)
    if told:
        # Of a message that goes nowhere, as what a page fetches itself, `converse` has said what there is to say.
        lag = clock.now_ms() - message.sent_at
        log.step(
            "fan_out",
            thread=message.thread,
            message=message.id,
            deliveries=told,
            trace=message.trace,
            lag_ms=lag,
        )
    return for_the_bus(message, status=status)


def _found_out(message: Message) -> None:
    """A message of which nobody knew whether its provider had it: now its delivery says so, too. The only reading here,
    and rare."""
    lane = lane_of_route(message, next((one for one in message.routes if one.to == CHANNEL), Route(CHANNEL)))
    became = deliveries.FAILED if message.state == FAILED else deliveries.DELIVERED
    if not attempts.find_out(lane, message.seq, became):
        attempts.find_out(replay_of(lane), message.seq, became)


def _message(image: dict[str, Any]) -> Message:
    row = MessageRow()
    row.deserialize(image)
    return messages.of_row(row)
