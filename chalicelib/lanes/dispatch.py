"""From a message to deliveries: what `fan_out` does with each, and `fire_timer` when one has to be done again."""

from __future__ import annotations

from chalicelib.channels import load
from chalicelib.domain import notice as notices
from chalicelib.domain.lane import lane_of_route, queue_of
from chalicelib.domain.message import Message
from chalicelib.domain.notice import Notice
from chalicelib.domain.order import Order
from chalicelib.domain.outcome import outcome_data
from chalicelib.domain.platform_event import PlatformEvent
from chalicelib.domain.route import BOT, CHANNEL, TRIGGER, Route
from chalicelib.domain.row_changes import to_message
from chalicelib.ports import bus, clock, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries, media_links, trigger_events


def dispatch(message: Message, *, position: str, status: bool = False, again: bool = False) -> int:
    """Store and wake a delivery for each route of the message (of its receipt, where `status`); gives their number.

    `position` orders and names them: the same position twice is the same rows.
    """
    wake: dict[str, list[Entry]] = {}
    for index, route in enumerate(message.status_to if status else message.routes):
        if route.to == CHANNEL and "pull" in load(message.channel_kind).CAN:
            # The user's side fetches the message from the table; there is nothing to push.
            continue
        if route.to == TRIGGER and not _outcome(message, route):
            continue
        if route.to == BOT and route.asked:
            trigger_events.begun(message.channel, route.asked, message.conversation)
        kind = notices.EVENT if route.event else notices.STATUS if status else notices.MESSAGE
        notice = _notice(message, route, route.notice or kind, status=status)
        lane = lane_of_route(message, route, replay=again)
        key = f"{position}{index:02d}"
        deliveries.add(lane, key, notice, created_at=clock.now_ms())
        entry = Entry(Order(lane, trace=message.trace).plain(), group=lane, dedup=deliveries.delivery_id(lane, key))
        wake.setdefault(queue_of(lane), []).append(entry)
    for queue, entries in wake.items():
        queues.send(queue, entries)
    return sum(map(len, wake.values()))


def for_the_bus(message: Message, *, status: bool) -> list[PlatformEvent]:
    """What the event bus hears of the message: of everything, whoever subscribes; nothing while nobody listens."""
    if not bus.listened():
        return []
    shown, now = media_links.public_message(message), clock.now_ms()
    events = to_message(shown, status=status, at=now, rfc3339=clock.rfc3339)
    for route in () if status else message.routes:
        if route.to == TRIGGER:
            data = outcome_data(_notice(message, route, notices.EVENT, status=False), trigger=route.id)
            told = (route.event, message.service, route.asked, "", message.sent_at, data, "trigger")
            events.append(PlatformEvent(*told))
    return events


def _outcome(message: Message, route: Route) -> bool:
    """Store what became of a trigger's event; whether anybody wants to be told."""
    trigger_events.finish(
        route.id,
        route.asked,
        status=route.outcome,
        at=message.sent_at,
        conversation=message.conversation,
        reply=route.reply,
        error=route.error,
    )
    return route.notify


def _notice(message: Message, route: Route, kind: str, *, status: bool) -> Notice:
    return Notice(
        kind=kind,
        destination=route.id or message.channel,
        service=message.service,
        thread=message.thread,
        conversation=route.conversation or message.conversation,
        channel_kind=message.channel_kind,
        channel=message.channel,
        at=clock.now_ms() if status else message.sent_at,
        mode=route.mode,
        number=route.number,
        message=message.id,
        seq=message.seq,
        author=message.author.plain(),
        content={} if status or kind == notices.EVENT else message.content.plain(),
        contact={key: value for key, value in (("id", message.contact), ("name", message.contact_name)) if value},
        address=message.address,
        source=message.source,
        status=message.state if status else "",
        error=message.error if status else None,
        reason=route.reason,
        params=route.params,
        owner=route.owner,
        patience_s=route.patience_s,
        desk=route.desk,
        asked=route.asked,
        handle=route.handle,
        event=route.event,
        data={key: value for key in ("outcome", "reply", "error") if (value := getattr(route, key))},
        trace=message.trace,
    )
