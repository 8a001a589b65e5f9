"""What a visitor is shown of their thread, whether their page asks for it or is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chalicelib import channels
from chalicelib.channels import fallback
from chalicelib.domain.event import Event, status_event
from chalicelib.domain.message import DELIVERED, FAILED, PENDING, SENT, Content, Message
from chalicelib.domain.view import message_view
from chalicelib.ports import clock, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import media_links

EVENTS = ("handover", "transferred", "handover_accepted", "handover_ended")
"""What a visitor may hear of their conversation."""


def is_shown(message: Message, include: frozenset[str]) -> bool:
    """Whether a page is shown a message that asked for this beside what was said to the visitor."""
    if message.direction == "out":
        return message.state != FAILED
    if message.author.kind == "system" and message.content.type == "event":
        return "events" in include and message.content.details.get("name") in EVENTS
    return "all" in include and message.author.kind == "user"


def view(message: Message) -> dict[str, Any]:
    """As the page gets it; what it cannot show comes as text.

    `client_id` is the id that the page gave to what the visitor said. Of an event the visitor hears what happened and
    the agent's name: not to which desk, why, or under which id.
    """
    at = clock.rfc3339(message.sent_at)
    if message.content.type == "event" and message.direction == "in":
        return message_view(replace(message, content=_told(message.content.details)), at=at)
    public = media_links.public_message(message)
    shown = message_view(
        replace(public, content=fallback.adapted(public.content, channels.load("webchat").SHOWS)), at=at
    )
    given = message.provider_id.removeprefix(f"{message.address}.")
    return shown | ({"client_id": given} if message.direction == "in" and given else {})


def _told(details: dict[str, Any]) -> Content:
    agent = details.get("agent")
    name = str(agent.get("name") or "") if isinstance(agent, dict) else ""
    return Content("event", details={"name": details.get("name")} | ({"agent": {"name": name}} if name else {}))


def delivered(messages: Iterable[Message]) -> None:
    """Have messages count as delivered that a page was given. Fetched and told, or told twice, is delivered once: the
    event's id is the message's."""
    events = [_delivered(one) for one in messages if one.direction == "out" and one.state in (PENDING, SENT)]
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events])


def _delivered(message: Message) -> Event:
    return status_event(
        thread=message.thread,
        seq=message.seq,
        state=DELIVERED,
        at=clock.now_ms(),
        service=message.service,
        channel=message.channel,
        channel_kind=message.channel_kind,
    )
