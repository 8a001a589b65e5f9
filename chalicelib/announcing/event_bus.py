"""Platform events on the event bus; what it does not take is put later: a bus that is down must not stop messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.domain.platform_event import PlatformEvent, cloud_event
from chalicelib.domain.tasks import BusAgain
from chalicelib.ports import bus, clock, ids, queues
from chalicelib.ports.queues import Entry

_AGAIN_S = 60


def publish(events: Iterable[PlatformEvent]) -> None:
    """Put events on the bus, if anybody listens there; what it does not take is put again by `fire_timer`."""
    told = list(events)
    if not told or not bus.listened():
        return
    refused = bus.put([on_the_bus(event) for event in told])
    queues.send("timers", [Entry(BusAgain(event=event).plain(), delay_s=_AGAIN_S) for event in refused])


def on_the_bus(event: PlatformEvent) -> dict[str, Any]:
    """The event as a CloudEvent."""
    id = ids.from_cause("pe", event.type, event.subject, event.cause)
    return cloud_event(event, id=id, at=clock.rfc3339(event.at))
