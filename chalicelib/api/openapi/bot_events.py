"""What a bot posts, as the OpenAPI description has it; `chalicelib.bots.webhook` reads it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel

from chalicelib.api.http.formats import named
from chalicelib.api.http.said import MORE, Content, EventTime, Files, Filled, Short, Text, variants
from chalicelib.wire.events import MAX_EVENTS

_NAMES = {"1001": "Message", "1002": "Handover", "1003": "Close"}


def _needs(schema: dict[str, Any]) -> None:
    """What each event needs."""
    messages = variants(schema["properties"], text="message", media="Media")

    def event(*numbers: str) -> list[dict[str, Any]]:
        words = [word for number in numbers for word in (number, int(number), _NAMES[number])]
        return [
            {"required": ["eventid"], "properties": {"eventid": {"enum": words}}},
            {"required": ["event"], "properties": {"event": {"enum": words}, "eventid": {"type": "null"}}},
        ]

    schema["anyOf"] = [{"anyOf": event("1001"), "allOf": [{"anyOf": messages}]}, *event("1002", "1003")]
    schema.update(MORE)


class BotEvent(Content):
    """What a bot does: says something (1001), hands over (1002) or ends the conversation (1003)."""

    model_config = ConfigDict(json_schema_extra=_needs)

    eventid: Any = None
    """1001, 1002 or 1003, or the name: Message, Handover, Close."""
    event: Any = None
    """The same, where there is no `eventid`."""
    conversation_id: Annotated[Filled, named("bot-conversation")]
    message: Text | None = None
    Media: Files | None = None
    Messageid: Short | None = None
    """The bot's own id: makes a repeat harmless."""
    Timestamp: EventTime = None
    """`YYYY-MM-DD hh:mm:ss.SSS` in GMT, RFC 3339, or seconds or milliseconds since 1970."""
    params: dict[str, Any] | None = None
    """Go along to the desk, as the members `customparam1` ... do."""


class BotEvents(RootModel[BotEvent | Annotated[list[BotEvent], Field(min_length=1, max_length=MAX_EVENTS)]]):
    """One event, or several in their order."""
