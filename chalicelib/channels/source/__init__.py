"""Sources: systems whose events are messages. Nobody is there to be answered, and nothing comes in by a webhook.

A source is a resource of its own (`/v1/sources`), and its threads are of this kind; no channel of it can be made.
"""

from __future__ import annotations

from chalicelib.channels.contract import Channel, Denied, Outcome, Outgoing, Received, Refused, Request
from chalicelib.domain.exchange import Call

LABEL = "Source"
CAN = frozenset({"pull"})
SHOWS: frozenset[str] = frozenset()
SECRETS: dict[str, str] = {}
STATUSES: dict[str, str] = {}


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Nothing: events are posted to the source, which maps them."""
    return Denied(405, "method_not_allowed", "events are posted to /v1/sources/{id}/events")


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Nothing is sent to a system that posts events."""
    return Refused("not_a_person", "a source takes no messages")
