"""From a message to deliveries: what `fan_out` does with each, and `fire_timer` when one has to be done again."""

from __future__ import annotations

from typing import Any

from chalicelib.channels import load
from chalicelib.domain import notice as notices
from chalicelib.domain.message import Message
from chalicelib.domain.notice import Notice
from chalicelib.ports import clock, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries

QUEUES = {"bot": "deliveries.fifo", "desk": "deliveries.fifo", "channel": "sends.fifo"}
REPLAYS = "-r"
"""Ending of a lane for what is told again, so that it neither waits for nor holds up what is new."""


def spread(message: Message, *, position: str, status: bool = False, again: bool = False) -> int:
    """Store and wake a delivery for each route of the message (of its receipt, where `status`); gives their number.

    `position` orders and names them: the same position twice is the same rows.
    """
    wake: dict[str, list[Entry]] = {}
    for index, route in enumerate(message.status_to if status else message.routes):
        if route["to"] == "channel" and "pull" in load(message.channel_kind).CAN:
            # The user's side fetches the message from the table; there is nothing to push.
            continue
        notice = _notice(message, route, notices.STATUS if status else route.get("notice", notices.MESSAGE))
        lane = deliveries.lane_id(message.thread, notice.destination) + (REPLAYS if again else "")
        key = f"{position}{index:02d}"
        deliveries.add(lane, key, notice, created_at=clock.now_ms())
        entry = Entry({"lane": lane, "trace": message.trace}, group=lane, dedup=deliveries.delivery_id(lane, key))
        wake.setdefault(QUEUES[route["to"]], []).append(entry)
    for queue, entries in wake.items():
        queues.send(queue, entries)
    return sum(map(len, wake.values()))


def _notice(message: Message, route: dict[str, Any], kind: str) -> Notice:
    return Notice(
        kind=kind,
        destination=route.get("id", message.channel),
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
