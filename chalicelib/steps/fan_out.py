"""Carries out what `converse` decided: each new message becomes deliveries, each receipt is told.

Decides nothing and reads nothing. A delivery's key is the stream position of its cause, so doing a record
twice gives the same rows; a row that is there already, even finished, stays as it is.
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels import load
from chalicelib.domain import notice as notices
from chalicelib.domain.message import DELIVERED, FAILED, READ, Message
from chalicelib.domain.notice import Notice
from chalicelib.ports import clock, log, queues
from chalicelib.ports.lambdas import each_change
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries, messages
from chalicelib.tables.messages import MessageRow

QUEUES = {"bot": "deliveries.fifo", "desk": "deliveries.fifo", "channel": "sends.fifo"}
_TOLD = (DELIVERED, READ, FAILED)
"""States that bots and desks hear of (contract 2.2)."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of the messages stream."""
    return each_change(event, handle, step="fan_out")


def handle(record: dict[str, Any]) -> None:
    """Handle one change of a message."""
    change = record["dynamodb"]
    if record["eventName"] == "INSERT":
        message = _message(change["NewImage"])
        routes, kind = message.routes, ""
    elif record["eventName"] == "MODIFY":
        message, before = _message(change["NewImage"]), _message(change["OldImage"])
        if message.state == before.state or message.state not in _TOLD:
            return
        routes, kind = message.status_to, notices.STATUS
    else:
        return
    wake: dict[str, list[Entry]] = {}
    for index, route in enumerate(routes):
        if route["to"] == "channel" and "pull" in load(message.channel_kind).CAN:
            # The user's side fetches the message from the table; there is nothing to push.
            continue
        notice = _notice(message, route, kind or route["notice"])
        lane = deliveries.lane_id(message.thread, notice.destination)
        key = deliveries.stream_key(change["SequenceNumber"], index)
        deliveries.add(lane, key, notice, created_at=clock.now_ms())
        entry = Entry({"lane": lane, "trace": message.trace}, group=lane, dedup=deliveries.delivery_id(lane, key))
        wake.setdefault(QUEUES[route["to"]], []).append(entry)
    for queue, entries in wake.items():
        queues.send(queue, entries)
    log.step(
        "fan_out",
        thread=message.thread,
        message=message.id,
        deliveries=sum(map(len, wake.values())),
        trace=message.trace,
        lag_ms=clock.now_ms() - message.sent_at,
    )
    log.metrics("fan_out", Messages=1 if not kind else 0, Deliveries=sum(map(len, wake.values())))


def _message(image: dict[str, Any]) -> Message:
    row = MessageRow()
    row.deserialize(image)
    return messages.of_row(row)


def _notice(message: Message, route: dict[str, Any], kind: str) -> Notice:
    return Notice(
        kind=kind,
        destination=route["id"],
        service=message.service,
        thread=message.thread,
        conversation=route.get("conversation", message.conversation),
        channel_kind=message.channel_kind,
        channel=message.channel,
        at=clock.now_ms() if kind == notices.STATUS else message.sent_at,
        mode=route.get("mode", "BOT"),
        number=route.get("number", 0),
        message=message.id,
        seq=message.seq,
        author=message.author.plain(),
        content={} if kind == notices.STATUS else message.content.plain(),
        contact={key: value for key, value in (("id", message.contact), ("name", message.contact_name)) if value},
        address=message.address,
        source=message.source,
        status=message.state if kind == notices.STATUS else "",
        error=message.error if kind == notices.STATUS else None,
        reason=route.get("reason", ""),
        params=route.get("params", {}),
        owner=route.get("owner", ""),
        patience_s=route.get("patience_s", 0),
        desk=route.get("desk", ""),
        trace=message.trace,
    )
