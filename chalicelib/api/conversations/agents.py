"""People at a console desk: what they do with a conversation, in the words of a desk's webhook (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.api.conversations import files, mentions
from chalicelib.api.conversations.desks import desk_of
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.formats import named
from chalicelib.api.http.said import MORE, Content, EventTime, Files, Filled, Short, Text, variants
from chalicelib.desks.webhook.events import AGENT_MESSAGE, AGENT_NOTE, CHAT_ASSIGNED, CHAT_TRANSFERRED, MOST_MENTIONS
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound import agent_typing
from chalicelib.inbound import desk as inbound
from chalicelib.inbound.post import Post, accepted
from chalicelib.ports import queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.wire.any_case_fields import MAX_NAME
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
    needing = (AGENT_MESSAGE, CHAT_TRANSFERRED, CHAT_ASSIGNED, AGENT_NOTE)
    plain = {"type": {"enum": [one for one in types if one not in needing]}}
    filled = {"type": "string", "pattern": r"\S"}
    agent = {"type": "object", "properties": {"id": filled | {"maxLength": MAX_NAME}}, "required": ["id"]}
    notes = {"type": {"const": AGENT_NOTE}, "text": filled | {"maxLength": MAX_TEXT_BYTES}}
    moves = {"type": {"const": CHAT_TRANSFERRED}, "desk_id": {"type": "string", "pattern": r"\S"}}
    says = {"type": {"const": AGENT_MESSAGE}}
    schema.update(MORE, anyOf=[
        {"properties": plain},
        {"properties": moves, "required": ["desk_id"]},
        {"properties": {"type": {"const": CHAT_ASSIGNED}, "agent": agent}, "required": ["agent"]},
        {"properties": notes, "required": ["text"]},
        *(one | {"properties": says | one["properties"]} for one in messages),
    ])  # fmt: skip


class DeskEvent(Content):
    """What a person at a desk does; members that mean nothing here are named in the answer's `warnings`."""

    model_config = ConfigDict(json_schema_extra=_needs)

    type: Literal[
        "chat.accepted", "agent.message", "agent.typing", "chat.hold", "chat.resumed", "chat.transferred",
        "chat.returned_to_bot", "chat.closed", "chat.assigned", "chat.snoozed", "agent.note",
    ]  # fmt: skip
    id: Short | None = None
    """Makes a repeat harmless."""
    text: Text | None = None
    media: Files | None = None
    """Also files that were put where `POST /v1/conversations/{id}/files` said, as it names them."""
    agent: DeskAgent | None = None
    """Who does it; of `chat.assigned`, who gets the chat. Where a person calls, it is they who do it."""
    outcome: Short | None = None
    desk_id: Annotated[Short, named("desk-id")] | None = None
    until: EventTime = None
    """Of `chat.snoozed`, a year at most; null wakes it, and so does the customer's next message."""
    mentions: Annotated[list[Filled], Field(max_length=MOST_MENTIONS)] | None = None
    """Of `agent.note`: ids of people."""


class DeskEvents(RootModel[DeskEvent | Annotated[list[DeskEvent], Field(min_length=1, max_length=MAX_EVENTS)]]):
    """One event, or several in their order."""


def events(call: Call) -> Answer:
    """202: POST of one desk event or an array of them about this conversation; its id in them may be left out."""
    given: Any = web.parsed(call.raw)
    _, desk = desk_of(call)
    several = isinstance(given, list)
    for one in given if several else [given]:
        if isinstance(one, dict):
            one.setdefault("conversation_id", call.id)
    post = Post(desk)
    made = inbound.events(post, given, by=call.caller.person if call.caller.is_person else None, uploads=True)
    if any(event.body["conversation"] != call.id for event in made):
        raise Problem(422, "wrong_fields", "an event is about another conversation")
    files.take(made)
    mentions.keep(made, by=call.caller.who["id"])
    kept = agent_typing.shown(made)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in kept])
    agent_typing.signalled(made)
    return Answer(202, accepted(post, made, several=several))
