"""What is said in a message that nobody has asked for: a text, a template, or content in a desk's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from chalicelib.api.http.fields import Fields, shared
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.domain.message import Content as Sayable
from chalicelib.inbound.post import refuse
from chalicelib.wire import any_case_fields
from chalicelib.wire.contents import content as read

MOST_SUBJECT = 200
"""Characters of what a mail is about."""
_WAYS = ("text", "content", "template")
_CONTENT: dict[str, Any] = {
    "type": "object",
    "description": "What a desk's `agent.message` says, in its words (see DeskEvent); `type` is the same as "
    "`Messagetype`, and a mail may have a `subject`. Members that mean nothing here are named in `warnings`.",
    "propertyNames": {"minLength": 1},
    "additionalProperties": shared("Json"),
}


def _one_of(schema: dict[str, Any]) -> None:
    """Which members go together, with those that are needed anyway: what is drawn by one way is whole then."""
    has, needed = schema["properties"], schema.get("required", [])
    full = {name: next(one for one in has[name]["anyOf"] if one != {"type": "null"}) for name in _WAYS}
    schema["oneOf"] = [
        {
            "required": [*needed, one],
            "properties": {name: has[name] for name in needed}
            | {name: {"type": "null"} for name in _WAYS}
            | {one: full[one]},
        }
        for one in _WAYS
    ]


class Said(Fields):
    """A text, content, or a template: one of them."""

    model_config = ConfigDict(json_schema_extra=_one_of)

    text: (
        Annotated[str, Field(max_length=2**20, pattern=r"\S", json_schema_extra={"maxLength": MAX_TEXT_BYTES})] | None
    ) = None
    content: Annotated[dict[str, Any], WithJsonSchema(_CONTENT)] | None = None
    template: Annotated[dict[str, Any], WithJsonSchema(shared("Approved"))] | None = None


def read_content(said: Said) -> tuple[Sayable, list[dict[str, str]]]:
    """(what is said, what of it was ignored); Problem 422 that names what is wrong, 413 where a text is too long."""
    given = {name: value for name in _WAYS if (value := getattr(said, name)) is not None}
    if len(given) != 1:
        why = f"exactly one of {', '.join(_WAYS)} is needed"
        refuse([(f"/{name}", why) for name in list(given)[1:] or _WAYS[:1]], too_large=False)
    at, members = ("/content", dict(said.content)) if said.content is not None else ("", given)
    if "type" in members and not any(name.lower().replace("_", "") == "messagetype" for name in members):
        members = {"Messagetype" if name == "type" else name: value for name, value in members.items()}
    problems = any_case_fields.Problems()
    inside = any_case_fields.Fields.of(members | _kind(said), at, problems)
    found = read(inside, text="text")
    if subject := inside.text("subject", most=MOST_SUBJECT):
        found = replace(found, details=found.details | {"subject": subject})
    ignored = [{"path": path, "message": why} for path, why in problems.unread()]
    refuse(problems.found, too_large=problems.too_large)
    return found, ignored


def _kind(said: Said) -> dict[str, str]:
    return {"Messagetype": "template"} if said.template is not None else {}
