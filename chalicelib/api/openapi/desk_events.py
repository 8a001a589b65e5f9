"""What a desk's platform posts, as the OpenAPI description has it; `chalicelib.desks.webhook` reads it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from chalicelib.api.conversations.agents import DeskEvent
from chalicelib.api.http.formats import named
from chalicelib.api.http.said import EventTime, Filled
from chalicelib.wire.events import MAX_EVENTS


class DeskPost(DeskEvent):
    """What happens at a desk with a conversation; `agent.message` may hold all that a bot's message can."""

    conversation_id: Annotated[Filled, named("desk-conversation")]
    timestamp: EventTime = None


class DeskPosts(RootModel[DeskPost | Annotated[list[DeskPost], Field(min_length=1, max_length=MAX_EVENTS)]]):
    """One event, or several in their order."""
