"""Telling what happened: to the subscriptions that want to hear of it, and to the event bus.

Order of what is done, and why a cut after each is harmless: delivery rows (their keys come from the cause, a row that
is there stays as it is), wake-ups (twice is once), the bus (a CloudEvent's id comes from the cause, so a consumer can
tell a repeat). Whoever calls is repeated until all of it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.announcing.event_bus import publish
from chalicelib.domain.lane import lane_of, queue_of
from chalicelib.domain.notice import EVENT, Notice
from chalicelib.domain.order import Order
from chalicelib.domain.platform_event import DELIVERY_FAILED, PlatformEvent, event_facts
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import config, contacts, deliveries, service_config
from chalicelib.tables.service_config import SnapshotConfig


def tell(
    service: str,
    type: str,
    data: dict[str, Any],
    *,
    subject: str,
    cause: str,
    at: int,
    source: str = "",
    facts: dict[str, Any] | None = None,
    unheard: str = "",
) -> int:
    """Tell one platform event; gives the number of deliveries. `unheard` is a subscription that must not hear of it."""
    return tell_all([PlatformEvent(type, service, subject, cause, at, data, source, facts or {})], unheard=unheard)


def tell_given_up(delivery: str, notice: Notice, *, error: str, status: str, attempts: int) -> None:
    """Tell that a delivery was given up. Not of one that tells just this: two subscriptions that fail would tell each
    other so for ever; nor to who did not take it."""
    if notice.event == DELIVERY_FAILED:
        return
    data = {
        "delivery_id": delivery,
        "destination_id": notice.destination,
        "message_id": notice.message or None,
        "error": error,
        "status": status,
        "attempts": attempts,
    }
    facts = {"contact": dict(notice.contact), "channel": {"id": notice.channel or None, "kind": notice.channel_kind}}
    tell(
        notice.service,
        DELIVERY_FAILED,
        data,
        subject=delivery,
        cause="",
        at=clock.now_ms(),
        source=notice.source,
        facts=facts,
        unheard=notice.destination,
    )


def tell_all(events: Iterable[PlatformEvent], *, position: str = "", unheard: str = "") -> int:
    """Tell platform events of one service; `position` is their place in the stream of a thread's conversations.

    Without a position each delivery has a lane of its own: nothing says what came before it.
    """
    told = list(events)
    wake: dict[str, list[Entry]] = {}
    if told:
        heard = _world(told[0].service)
        for index, event in enumerate(told):
            for subscription in _subscribers(heard, event):
                if subscription != unheard:
                    lane, key = _keep(event, subscription, f"{position}{index:02d}" if position else "")
                    entry = Entry(Order(lane).plain(), group=lane, dedup=deliveries.delivery_id(lane, key))
                    wake.setdefault(queue_of(lane), []).append(entry)
    for queue, entries in wake.items():
        queues.send(queue, entries)
    publish(told)
    return sum(map(len, wake.values()))


def _keep(event: PlatformEvent, subscription: str, key: str) -> tuple[str, str]:
    """Store a delivery; (lane, key)."""
    cause = ids.from_cause("", event.type, event.subject, event.cause)[1:]
    channel = str((event.facts.get("channel") or {}).get("id") or "")
    lane = lane_of(
        f"th_{event.subject[3:29]}",
        subscription,
        channel=channel,
        cause="" if key else cause,
        conversations=bool(key),
        # Of imports and sources there may be very many at once.
        bulk=event.type.startswith("contact."),
    )
    key = key or cause
    notice = Notice(
        kind=EVENT,
        destination=subscription,
        service=event.service,
        thread="",
        conversation=event.subject if event.subject.startswith("cv_") else "",
        channel_kind="",
        at=event.at,
        message=event.data.get("message_id") or "",
        source=event.source,
        event=event.type,
        data=event.data,
    )
    deliveries.add(lane, key, notice, created_at=clock.now_ms())
    return lane, key


def _subscribers(heard: SnapshotConfig, event: PlatformEvent) -> list[str]:
    return heard.subscribers(event.type, event.source, lambda: _facts(heard, event))


def _facts(heard: SnapshotConfig, event: PlatformEvent) -> dict[str, Any]:
    facts = event_facts(event, timezone=heard.timezone)
    contact = facts["contact"]
    row = contacts.resolve(contact["id"]) if contact["id"] and heard.reads_contact and not contact["name"] else None
    if row is not None:
        facts["contact"] = contact | {key: row.data[key] for key in ("name", "attributes", "tags") if row.data.get(key)}
    return facts


def _world(service: str) -> SnapshotConfig:
    """The service's subscriptions, as they stand: one read, and another where they changed since the last."""
    return service_config.of(config.snapshot(service, config.version(service)))
