"""Triggers and the direct call: programs that ask a bot. They read the answer, so nothing is pushed to them.

A trigger is a resource of its own (`/v1/triggers`), and its threads are of this kind; no channel of it can be made.
"""

from __future__ import annotations

from chalicelib.channels.contract import Channel, Denied, Outcome, Outgoing, Received, Refused, Request
from chalicelib.domain.exchange import Call

LABEL = "Trigger"
CAN = frozenset({"pull"})
SHOWS: frozenset[str] = frozenset()
SECRETS: dict[str, str] = {}
STATUSES: dict[str, str] = {}


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Nothing: events are posted to the trigger, which knows its bot."""
    return Denied(405, "method_not_allowed", "events are posted to /v1/integration/trigger/{id}/event")


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Nothing is sent to whoever posted an event; a `notify_url` is told by the trigger's own lanes."""
    return Refused("pull_only", "the answer to a trigger is read, not sent")
