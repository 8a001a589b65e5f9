"""What a desk posts about the conversations that it holds."""

from __future__ import annotations

from typing import Any

from chalicelib.channels import limits
from chalicelib.desks import webhook as wire
from chalicelib.desks.webhook import DeskEvent
from chalicelib.domain.event import AGENT_MESSAGE, CHAT_ASSIGNED, CHAT_SNOOZED, Event
from chalicelib.domain.message import Content
from chalicelib.domain.thread import Thread
from chalicelib.inbound import window
from chalicelib.inbound.post import Post, refuse
from chalicelib.ports import clock
from chalicelib.ports.web import Problem
from chalicelib.tables import config

LONGEST_SNOOZE_MS = 366 * 86_400_000
"""What is put aside for longer comes back after a year."""


def events(post: Post, given: Any, *, by: dict[str, str] | None = None, uploads: bool = False) -> list[Event]:
    """The events that parsed JSON holds; Problem 404, 410, 413 or 422. `by` is who does it, where that is known of whom
    posts them: whatever an event says of its agent, it is they. `uploads`: files may be such as were put where we
    said."""
    read = wire.read_events(given, uploads=uploads)
    refuse(read.problems, too_large=read.too_large)
    post.warnings += read.ignored
    return [_event(post, said, index, by or {}) for index, said in enumerate(read.events)]


def _event(post: Post, said: DeskEvent, index: int, by: dict[str, str]) -> Event:

    def mine(thread: Thread, number: int) -> bool:
        chat = thread.chat
        return chat is not None and chat.number == number and chat.desk == post.party.id

    thread, number = post.thread(said.conversation, index, mine)
    id, once, done = post.repeated(thread, said.id, index)
    if not done and not mine(thread, number):
        raise post.not_open(thread, number, index)
    if said.kind == AGENT_MESSAGE and said.content is not None and not done:
        _can_be_shown(said.content, thread, index)
    if said.desk and (config.get("desk", said.desk) is None or config.service_of(said.desk) != thread.service):
        raise Problem(422, "wrong_fields", "desk_id: unknown desk", errors=[(f"/{index}/desk_id", "unknown desk")])
    body: dict[str, Any] = {"desk": post.party.id, "conversation": said.conversation}
    assigns = said.kind == CHAT_ASSIGNED
    more: tuple[tuple[str, Any], ...] = (
        ("agent", said.agent if assigns else by or said.agent),
        ("by", by if assigns else {}),
        ("outcome", said.outcome),
        ("desk_id", said.desk),
        ("until", _until(said.until) if said.kind == CHAT_SNOOZED else 0),
    )
    body |= {name: value for name, value in more if value}
    return post.event(thread, id, said.kind, body, content=said.content, once=once)


def _can_be_shown(content: Content, thread: Thread, index: int) -> None:
    """Problem 422 for what the customer could not be shown, or may not be any more."""
    if wrong := [(f"/{index}/{at}", why) for at, why in limits.never_shown(content, thread.channel_kind)]:
        raise Problem(422, "wrong_fields", "; ".join(f"{at}: {why}" for at, why in wrong[:5]), errors=wrong)
    length = window.of_people(thread) if content.type != "template" else 0
    if length and clock.now_ms() > thread.heard_at + length:
        why = f"the customer last wrote more than {length // 3_600_000} hours ago: only a template may be sent"
        raise Problem(422, "needs_template", why, errors=[(f"/{index}/messagetype", "must be template")])


def _until(until: int) -> int:
    """When a snooze is over; 0 where that has passed."""
    now = clock.now_ms()
    return min(until, now + LONGEST_SNOOZE_MS) if until > now else 0
