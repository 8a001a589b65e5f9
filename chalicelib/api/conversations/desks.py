"""The conversation of a desk that a person works on."""

from __future__ import annotations

from chalicelib.api.http.call import Call
from chalicelib.domain.thread import Conversation, parse_conversation_id
from chalicelib.ports.web import Problem
from chalicelib.tables import config, threads
from chalicelib.tables.config import Resource


def desk_of(call: Call) -> tuple[Conversation, Resource]:
    """The conversation that the path names, and its desk; Problem 404 where it is none of a desk's, 403 where the
    caller does not answer that."""
    named = parse_conversation_id(call.id)
    conversation = threads.get_conversation(*named) if named else None
    desk = config.get("desk", conversation.party) if conversation and conversation.kind == "desk" else None
    if conversation is None or desk is None:
        raise Problem(404, "unknown_conversation", "there is no such conversation of a desk")
    call.caller.need_service(conversation.service)
    call.caller.need_desk(desk.id)
    return conversation, desk
