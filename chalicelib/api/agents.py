"""People at a console desk: what they do with a conversation, in the words of a desk's webhook (contract section 3)."""

from __future__ import annotations

from typing import Any

from chalicelib.api.front import Answer, Call
from chalicelib.domain.thread import parse_conversation_id
from chalicelib.inbound import desk as inbound
from chalicelib.inbound.post import Post, accepted
from chalicelib.ports import queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, threads


def events(call: Call) -> Answer:
    """202: POST of one desk event or an array of them about this conversation; its id in them may be left out."""
    given: Any = web.parsed(call.raw)
    named = parse_conversation_id(call.id)
    conversation = threads.get_conversation(*named) if named else None
    desk = config.get("desk", conversation.party) if conversation and conversation.kind == "desk" else None
    if conversation is None or desk is None:
        raise Problem(404, "unknown_conversation", "there is no such conversation of a desk")
    call.caller.need_service(conversation.service)
    several = isinstance(given, list)
    for one in given if several else [given]:
        if isinstance(one, dict):
            one.setdefault("conversation_id", call.id)
    post = Post(desk)
    made = inbound.events(post, given)
    if any(event.body["conversation"] != call.id for event in made):
        raise Problem(422, "wrong_fields", "an event is about another conversation")
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in made])
    return Answer(202, accepted(post, made, several=several))
