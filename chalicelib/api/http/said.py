"""What a bot or an agent says, as the OpenAPI description has it; `chalicelib.bots.contents` reads it.

Names are read in any letter case, with or without `_` and `-`; the description has them in the spelling of the docs.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.api.http.fields import Json, Members, shared
from chalicelib.api.http.formats import named
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.wire.any_case_fields import MAX_NAME
from chalicelib.wire.contents import FILES, MAX_BUTTONS, MAX_ITEMS, MAX_MEDIA

MORE: dict[str, Any] = {"propertyNames": {"minLength": 1}, "additionalProperties": shared("Json")}
"""Of an object: other members are taken, and named in the answer's `warnings`."""
Short = Annotated[str, Field(max_length=MAX_NAME)]
Filled = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"\S")]
_Some = Field(min_length=1, max_length=MAX_ITEMS)
EventTime = Annotated[str, named("event-time")] | float | None
_Link = Annotated[str, Field(max_length=2048, pattern="^[Hh][Tt][Tt][Pp][Ss]?://")]


class _Open(BaseModel):
    """Members that mean nothing here are named in the answer's `warnings`."""

    model_config = ConfigDict(json_schema_extra=MORE)


class File(_Open):
    """A file that is said."""

    url: Annotated[str, Field(max_length=2048, pattern="^[Hh][Tt][Tt][Pp][Ss]?://")]
    mime_type: Annotated[str, Field(max_length=256)] | None = None
    size: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    name: Short | None = None


class Button(_Open):
    """What the customer may press: it says `payload`, or leads to `url`."""

    title: Filled
    payload: Short | None = None
    url: _Link | None = None


class Row(_Open):
    """What the customer may choose."""

    title: Filled
    id: Short | None = None
    description: Short | None = None


class Section(_Open):
    """Rows under a title."""

    title: Short | None = None
    rows: Annotated[list[Row], _Some]


class Choices(_Open):
    """A list behind a button."""

    button: Short | None = None
    sections: Annotated[list[Section], _Some]


class Place(_Open):
    """A place on the map."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    name: Short | None = None
    address: Short | None = None


class Card(_Open):
    """How to reach somebody."""

    name: Filled
    phones: Annotated[list[Filled], _Some] | None = None
    emails: Annotated[list[Filled], _Some] | None = None


class Approved(_Open):
    """A message that the provider has approved."""

    name: Filled
    language: Short | None = None
    parameters: list[Json] | Members | None = None


class Files(RootModel[Annotated[list[File | _Link], Field(min_length=1, max_length=MAX_MEDIA)] | File | _Link]):
    """A file, or several; each by its address, or with what is known of it."""


class Content(BaseModel):
    """What is said beyond text; the type of it says which is read."""

    Messagetype: str | None = None
    """What is said; without it, it follows from `Buttons`, `List` and the files."""
    Buttons: Annotated[list[Button], Field(min_length=1, max_length=MAX_BUTTONS)] | None = None
    List: Choices | None = None
    Location: Place | None = None
    Contacts: Annotated[list[Card], _Some] | None = None
    Template: Approved | None = None


Text = Annotated[str, Field(max_length=MAX_TEXT_BYTES)]


def variants(has: dict[str, Any], *, text: str, media: str) -> list[dict[str, Any]]:
    """Schemas of what a message of each type needs, for which what is only of use there goes from the properties.

    `text` and `media` are the names of those members."""
    names = [text, media, *Content.model_fields]
    content = {name: has.pop(name) for name in names}
    full = {name: next(one for one in content[name]["anyOf"] if one != {"type": "null"}) for name in names}
    full[text] = {"type": "string", "pattern": r"\S", "maxLength": MAX_TEXT_BYTES}
    nothing = {"type": "null"}
    no_file: dict[str, Any] = {"enum": [None, "", [], {}]}
    content[media]["anyOf"].append(no_file)

    def message(kinds: list[Any], needed: list[str], **more: Any) -> dict[str, Any]:
        takes = {name: content[name] for name in (text, media)} | {name: full[name] for name in needed}
        required = [*needed, *(["Messagetype"] if None not in kinds else [])]
        return {"required": required, "properties": takes | {"Messagetype": {"enum": kinds}} | more}

    unsaid: list[Any] = [None, ""]
    return [
        message(["text"], [text]),
        message([*FILES, "document", "voice"], [media]),
        message(["buttons"], [text, "Buttons"]),
        message(["list"], [text, "List"]),
        message(["location"], ["Location"]),
        message(["contact"], ["Contacts"]),
        message(["template"], ["Template"]),
        message(unsaid, [text], Buttons=nothing, List=nothing, **{media: no_file}),
        message(unsaid, [media], Buttons=nothing, List=nothing),
        message(unsaid, [text, "Buttons"]),
        message(unsaid, [text, "List"], Buttons=nothing),
    ]
