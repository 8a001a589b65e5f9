"""People who are mentioned in notes: their inbox says so until they have looked.

What they are told by is written before the note is queued: cut off in between, the note is posted again under its id,
and the same is written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from chalicelib.api.conversations.desks import desk_of
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body
from chalicelib.api.http.formats import RESOURCES, Time
from chalicelib.desks.webhook.events import AGENT_NOTE
from chalicelib.domain.event import Event
from chalicelib.ports import clock
from chalicelib.ports.clock import from_rfc3339
from chalicelib.tables import beats, config, inbox
from chalicelib.tables.inbox import InboxRow


class Looked(Fields):
    """Up to when somebody has read a conversation's notes."""

    until: Annotated[Time, Field(min_length=1)]
    """When the last message was sent that they have seen."""


def keep(events: Iterable[Event], *, by: str) -> None:
    """Note for everybody whom a note mentions, but who wrote it, that it is to reach them."""
    for event in events:
        named = event.body.get("content", {}).get("details", {}).get("mentions", ()) if event.kind == AGENT_NOTE else ()
        asked = {one for one in named if RESOURCES["person"].fits(one)} - {by}
        # Only of the service's own: what is kept of them would otherwise grow with each invented one.
        people = asked and asked & _people(event.service)
        if people:
            desk, conversation = event.body["desk"], event.body["conversation"]
            row = inbox.mention(desk, conversation, people, at_ms=event.at, now_ms=clock.now_ms())
            _tell(event.service, desk, conversation, row)


def _people(service: str) -> set[str]:
    return {row.id for row in config.snapshot(service, config.version(service)).of_kind("person")}


def looked(call: Call) -> Answer:
    """204: the caller has seen whom notes mention, up to a time; a later mention stays."""
    wanted = body(call, Looked)
    conversation, desk = desk_of(call)
    until, now = from_rfc3339(wanted.until), clock.now_ms()
    row = inbox.looked(desk.id, conversation.id, call.caller.who["id"], upto_ms=until, now_ms=now)
    _tell(conversation.service, desk.id, conversation.id, row)
    return Answer(204)


def _tell(service: str, desk: str, conversation: str, row: InboxRow | None) -> None:
    """Note for consoles that the row has changed; cut off before, they learn it with the chat's next change."""
    if row is not None:
        beats.tell(service, desk, conversation, inbox.shown_version(row), now_ms=clock.now_ms())
