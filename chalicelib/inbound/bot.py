"""What a bot posts: messages, hand-overs and closes of its conversations."""

from __future__ import annotations

from typing import Any

from chalicelib.bots import webhook as wire
from chalicelib.bots.webhook import BotEvent
from chalicelib.domain.event import BOT_CLOSE, BOT_HANDOVER, BOT_MESSAGE, Event
from chalicelib.domain.thread import BOT, Thread
from chalicelib.inbound.post import Post, refuse
from chalicelib.ports.web import Problem

KINDS = {"message": BOT_MESSAGE, "handover": BOT_HANDOVER, "close": BOT_CLOSE}
"""Kind of a bot's event on its wire -> kind of the thread's event."""


def events(post: Post, given: Any) -> list[Event]:
    """The events that parsed JSON holds; Problem 404, 409, 410, 413 or 422."""
    read = wire.read_events(given)
    refuse(read.problems, too_large=read.too_large)
    post.warnings += read.ignored
    return [_event(post, said, index) for index, said in enumerate(read.events)]


def _event(post: Post, said: BotEvent, index: int) -> Event:
    bot = post.party
    closes = said.kind == "close"

    def mine(thread: Thread, number: int) -> bool:
        return thread.bots.get(bot.id) == number and (closes or (thread.owner == BOT and thread.bot == bot.id))

    thread, number = post.thread(said.conversation, index, mine)
    id, once, done = post.repeated(thread, said.id, index)
    if not done and not mine(thread, number):
        if thread.bots.get(bot.id) != number:
            raise post.not_open(thread, number, index)
        raise Problem(409, "not_owner", "the bot does not own the thread", owner=thread.owner or None)
    body: dict[str, Any] = {"bot": bot.id, "conversation": said.conversation}
    if said.params:
        body["params"] = dict(said.params)
    return post.event(thread, id, KINDS[said.kind], body, content=said.content, once=once)
