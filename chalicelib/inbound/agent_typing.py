"""That an agent types: shown to the visitor's open windows, or by the customer's provider, and kept nowhere else, so it
is no event of the thread."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.event import AGENT_TYPING, Event
from chalicelib.lanes import signals
from chalicelib.ports import clock
from chalicelib.tables import connections

WEBCHAT = "webchat"
"""The kind of channel whose pages hear of it."""


def shown(events: Iterable[Event]) -> list[Event]:
    """Show who types, and give the other events: they go to the thread's queue."""
    rest = []
    for event in events:
        if event.kind != AGENT_TYPING:
            rest.append(event)
        elif event.channel_kind == WEBCHAT:
            agent = str(event.body.get("agent", {}).get("name") or "")
            connections.agent_types(event.thread, agent, now_ms=clock.now_ms())
    return rest


def signalled(events: Iterable[Event]) -> None:
    """Have the provider show it, of each thread once; after all else, as it may take two seconds."""
    for thread, event in {one.thread: one for one in events if one.kind == AGENT_TYPING}.items():
        signals.give_once(signals.TYPING, thread, event.channel_kind, event.channel, event.address)
