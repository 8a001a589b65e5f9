"""People at a console desk: what they do with a conversation, in the words of a desk's webhook (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.api.fields import shared
from chalicelib.api.formats import named
from chalicelib.api.front import Answer, Call
from chalicelib.bots.contents import MAX_MEDIA
from chalicelib.bots.fields import MAX_NAME
from chalicelib.bots.reading import MAX_EVENTS
from chalicelib.desks.webhook.events import AGENT_MESSAGE, CHAT_TRANSFERRED
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.domain.thread import parse_conversation_id
from chalicelib.inbound import desk as inbound
from chalicelib.inbound.post import Post, accepted
from chalicelib.ports import queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, threads

_MORE: dict[str, Any] = {"propertyNames": {"minLength": 1}, "additionalProperties": shared("Json")}
_Short = Annotated[str, Field(max_length=MAX_NAME)]


class File(BaseModel):
    """A file that is said."""

    model_config = ConfigDict(json_schema_extra=_MORE)

    url: Annotated[str, Field(max_length=2048, pattern="^[Hh][Tt][Tt][Pp][Ss]?://")]
    mime_type: Annotated[str, Field(max_length=256)] | None = None
    size: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    name: _Short | None = None


class DeskAgent(BaseModel):
    """Who does it."""

    model_config = ConfigDict(json_schema_extra=_MORE)

    id: _Short | None = None
    name: _Short | None = None


def _needs(schema: dict[str, Any]) -> None:
    """What an event of each type needs."""
    text = {"required": ["text"], "properties": {"text": {"type": "string", "pattern": r"\S"}}}
    media = {"required": ["media"], "properties": {"media": {"type": ["object", "array"], "minItems": 1}}}
    desk = {"required": ["desk_id"], "properties": {"desk_id": {"type": "string", "minLength": 1}}}
    types = schema["properties"]["type"]["enum"]
    special: dict[str, list[Any]] = {AGENT_MESSAGE: [text, media], CHAT_TRANSFERRED: [desk]}
    plain = {"properties": {"type": {"enum": [one for one in types if one not in special]}}}
    needing = [{"properties": {"type": {"const": one}}, "anyOf": any_of} for one, any_of in special.items()]
    schema.update(_MORE, oneOf=[plain, *needing])


class DeskEvent(BaseModel):
    """What a person at a desk does; members that mean nothing here are named in the answer's `warnings`."""

    model_config = ConfigDict(json_schema_extra=_needs)

    type: Literal[
        "chat.accepted", "agent.message", "agent.typing", "chat.hold", "chat.resumed", "chat.transferred",
        "chat.returned_to_bot", "chat.closed",
    ]  # fmt: skip
    id: _Short | None = None
    """Makes a repeat harmless."""
    text: Annotated[str, Field(max_length=MAX_TEXT_BYTES)] | None = None
    media: Annotated[list[File], Field(max_length=MAX_MEDIA)] | File | None = None
    agent: DeskAgent | None = None
    outcome: _Short | None = None
    desk_id: Annotated[_Short, named("desk-id")] | None = None


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
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in made])
    return Answer(202, accepted(post, made, several=several))
