"""People: who works in a service. What they ask with are keys of theirs; this says what they may and what they see."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.http.fields import Fields, Name
from chalicelib.api.http.formats import DeskId, Language, ServiceId, named
from chalicelib.api.kinds.contract import Kind
from chalicelib.domain.identities import EMAIL, normalised


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Address = Annotated[
    str, StringConstraints(max_length=320), AfterValidator(lambda given: normalised(EMAIL, given)), named("email")
]
"""An e-mail address, in the one spelling that it is compared by."""


class Colleague(Fields):
    """A person who works in a service."""

    service_id: ServiceId
    name: Name
    email: Address | None = None
    role: Literal["admin", "agent", "read"]
    """The most that keys and sessions of theirs may, whatever the scopes of the key."""
    desk_ids: Annotated[list[DeskId], Field(max_length=50), AfterValidator(_each_once)] | None = None
    """Desks whose conversations an agent sees; null: all. Others see all anyhow."""
    languages: Annotated[list[Language], Field(max_length=20), AfterValidator(_each_once)] = []
    """Which they speak."""


class ColleagueAnswer(Fields):
    """A person who works in a service, as it stands."""

    id: str
    service_id: str
    name: str
    email: str | None
    role: Literal["admin", "agent", "read"]
    desk_ids: list[str] | None
    languages: list[str]
    created_at: str
    updated_at: str


KIND = Kind(name="person", model=Colleague, answer=ColleagueAnswer, refs={"desk_ids": "desk"})
