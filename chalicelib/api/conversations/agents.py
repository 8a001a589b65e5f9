"""People at a console desk: what they do with a conversation, in the words of a desk's webhook (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.formats import named
from chalicelib.api.http.said import MORE, Content, Files, Short, Text, variants
from chalicelib.desks.webhook.events import AGENT_MESSAGE, CHAT_TRANSFERRED
from chalicelib.domain.thread import parse_conversation_id
from chalicelib.inbound import agent_typing
from chalicelib.inbound import desk as inbound
from chalicelib.inbound.post import Post, accepted
from chalicelib.ports import queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, threads
from chalicelib.wire.events import MAX_EVENTS


class DeskAgent(BaseModel):
    """Who does it."""

    model_config = ConfigDict(json_schema_extra=MORE)

    id: Short | None = None
    name: Short | None = None


def _needs(schema: dict[str, Any]) -> None:
    """What an event of each type needs."""
    messages = variants(schema["properties"], text="text", media="media")
    types = schema["properties"]["type"]["enum"]
    plain = {"type": {"enum": [one for one in types if one not in (AGENT_MESSAGE, CHAT_TRANSFERRED)]}}
    moves = {"type": {"const": CHAT_TRANSFERRED}, "desk_id": {"type": "string", "pattern": r"\S"}}
    says = {"type": {"const": AGENT_MESSAGE}}
    schema.update(MORE, anyOf=[
        {"properties": plain},
        {"properties": moves, "required": ["desk_id"]},
        *(one | {"properties": says | one["properties"]} for one in messages),
    ])  # fmt: skip


class DeskEvent(Content):
    """What a person at a desk does; members that mean nothing here are named in the answer's `warnings`."""

    model_config = ConfigDict(json_schema_extra=_needs)

    type: Literal[
        "chat.accepted", "agent.message", "agent.typing", "chat.hold", "chat.resumed", "chat.transferred",
        "chat.returned_to_bot", "chat.closed",
    ]  # fmt: skip
    id: Short | None = None
    """Makes a repeat harmless."""
    text: Text | None = None
    media: Files | None = None
    agent: DeskAgent | None = None
    outcome: Short | None = None
    desk_id: Annotated[Short, named("desk-id")] | None = None


class DeskEvents(RootModel[DeskEvent | Annotated[list[DeskEvent], Field(min_length=1, max_length=MAX_EVENTS)]]):
    """One event, or several in their order."""


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
    kept = agent_typing.shown(made)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in kept])
    return Answer(202, accepted(post, made, several=several))
