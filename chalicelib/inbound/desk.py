"""What a desk posts about the conversations that it holds."""

from __future__ import annotations

from typing import Any

from chalicelib.desks import webhook as wire
from chalicelib.desks.webhook import DeskEvent
from chalicelib.domain.event import Event
from chalicelib.domain.thread import Thread
from chalicelib.inbound.post import Post, refuse
from chalicelib.ports.web import Problem
from chalicelib.tables import config


def events(post: Post, given: Any) -> list[Event]:
    """The events that parsed JSON holds; Problem 404, 410, 413 or 422."""
    read = wire.read_events(given)
    refuse(read.problems, too_large=read.too_large)
    post.warnings += read.ignored
    return [_event(post, said, index) for index, said in enumerate(read.events)]


def _event(post: Post, said: DeskEvent, index: int) -> Event:

    def mine(thread: Thread, number: int) -> bool:
        chat = thread.chat
        return chat is not None and chat.number == number and chat.desk == post.party.id

    thread, number = post.thread(said.conversation, index, mine)
    id, once, done = post.repeated(thread, said.id, index)
    if not done and not mine(thread, number):
        raise post.not_open(thread, number, index)
    if said.desk and (config.get("desk", said.desk) is None or config.service_of(said.desk) != thread.service):
        raise Problem(422, "wrong_fields", "desk_id: unknown desk", errors=[(f"/{index}/desk_id", "unknown desk")])
    body: dict[str, Any] = {"desk": post.party.id, "conversation": said.conversation}
    more = (("agent", said.agent), ("outcome", said.outcome), ("desk_id", said.desk))
    body |= {name: value for name, value in more if value}
    return post.event(thread, id, said.kind, body, content=said.content, once=once)
