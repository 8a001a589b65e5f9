"""Saved replies: what agents say again and again, found by a short word."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.http.fields import Fields, Name
from chalicelib.api.http.formats import DeskId, Language, ServiceId, Slug
from chalicelib.api.kinds.contract import Draft, Kind, Settled
from chalicelib.wire.contents import MAX_BUTTONS, MAX_MEDIA

_Link = Annotated[str, Field(max_length=2048, pattern="^[Hh][Tt][Tt][Pp][Ss]?://")]


class ReplyButton(Fields):
    """What the customer may press: it says `payload`, else its title, or leads to `url`."""

    title: Name
    payload: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    url: _Link | None = None


class ReplyFile(Fields):
    """A file that goes along."""

    url: _Link
    mime_type: Annotated[str, Field(max_length=256)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None


class Reply(Fields):
    """A saved reply."""

    service_id: ServiceId
    shortcut: Slug
    """What an agent types after `/`; no other's in the service."""
    name: Name | None = None
    """What it is called; the shortcut where it has no name."""
    text: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
    """`{{contact.name}}` and the like are filled in by the console before it is sent."""
    language: Language | None = None
    buttons: Annotated[list[ReplyButton], Field(max_length=MAX_BUTTONS)] = []
    media: Annotated[list[ReplyFile], Field(max_length=MAX_MEDIA)] = []
    desk_ids: Annotated[list[DeskId], Field(max_length=50)] = []
    """Desks whose agents it is for; none: all."""


class ReplyAnswer(Reply):
    """A saved reply, as it stands."""

    id: str
    created_at: str
    updated_at: str


def settle(draft: Draft) -> Settled:
    """The reply, which has a name in any case."""
    body = {key: value for key, value in draft.fields.items() if value is not None}
    return Settled({"name": draft.fields["shortcut"]} | body)


KIND = Kind(name="reply", model=Reply, answer=ReplyAnswer, refs={"desk_ids": "desk"}, unique="shortcut", settle=settle)
