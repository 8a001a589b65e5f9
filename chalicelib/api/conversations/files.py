"""Files of people at a console desk: where they may put them, and how a message takes them.

What is put somewhere and then not said is removed after a day (`infra/shared.py`). Of what is said the message keeps a
copy of its own, which is made before its event is queued: cut off after it, the event is posted again under its id and
finds the copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, Field

from chalicelib.api.conversations.desks import desk_of
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.said import Filled
from chalicelib.channels import limits
from chalicelib.channels.webchat.uploads import TYPES, file_name
from chalicelib.domain.event import Event
from chalicelib.domain.message import UPLOADED
from chalicelib.files import keeping
from chalicelib.ports import ids, media
from chalicelib.ports.web import Problem
from chalicelib.tables import threads
from chalicelib.wire.contents import MAX_MEDIA

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_BYTES = 100 * limits.MEGABYTE
"""What the largest file of any channel has."""


class FileToPut(Fields):
    """A file that somebody is about to send."""

    name: Annotated[Filled, Field(max_length=256)]
    mime_type: Annotated[str, Field(max_length=128, pattern=f"^({TYPES})$")]
    size: Annotated[int, Field(ge=1, le=_MOST_BYTES)]
    """In bytes."""


class FilesToPut(Fields):
    """Files of one message."""

    files: Annotated[list[FileToPut], Field(min_length=1, max_length=MAX_MEDIA)]


class HeldFile(BaseModel):
    """A file as an `agent.message` names it among its `media`."""

    url: str
    mime_type: str
    size: int
    name: str


class FilePlace(BaseModel):
    """Where a file may be put: by a POST of a form with these fields, and then the file as `file`."""

    url: str
    fields: dict[str, str]
    media: HeldFile


class FilePlacesForAgent(BaseModel):
    """One for each file, in their order; good for five minutes."""

    files: list[FilePlace]


def offer(call: Call) -> Answer:
    """Where files may be put that this conversation's customer is about to be sent; 422 names what the channel does not
    take. Each is then named by its `media` in an `agent.message` of the same conversation, within a day."""
    conversation, _ = desk_of(call)
    wanted = body(call, FilesToPut)
    thread = threads.get(conversation.thread)
    of = limits.of(thread.channel_kind if thread else "")
    found = [(n, of.wrong_with(one.mime_type, one.size)) for n, one in enumerate(wanted.files)]
    if wrong := [(f"/files/{n}/{what[0]}", what[1]) for n, what in found if what]:
        raise invalid(wrong)
    return Answer(200, {"files": [_place(call.id, one) for one in wanted.files]})


def take(events: Iterable[Event]) -> None:
    """Have messages keep the files that were put for them; Problem 422 where one was not."""
    for event in events:
        items = event.body.get("content", {}).get("media", ())
        held = [(n, one) for n, one in enumerate(items) if one["url"].startswith(UPLOADED)]
        for n, one in held:
            message, put_as = str(event.body["message_id"]), _put_as(event.body["conversation"], one["url"])
            is_ours = _TOKEN.fullmatch(one["url"].removeprefix(UPLOADED))
            if not is_ours or (keeping.find(message, n) is None and not keeping.take(message, n, put_as)):
                wrong = "was not put where it was to be, or longer than a day ago"
                raise Problem(422, "wrong_fields", f"{one.get('name') or n}: {wrong}", errors=[(f"/media/{n}", wrong)])


def _place(conversation: str, one: FileToPut) -> dict[str, Any]:
    address = UPLOADED + ids.token(24)
    offered = media.offer(_put_as(conversation, address), one.mime_type, one.size)
    held = {"url": address, "mime_type": one.mime_type, "size": one.size, "name": file_name(one.name)}
    return {"url": offered.url, "fields": dict(offered.fields), "media": held}


def _put_as(conversation: str, address: str) -> str:
    return f"{conversation}/{address.removeprefix(UPLOADED)}"
