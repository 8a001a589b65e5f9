"""Bodies as pydantic models: every wrong field is named by its JSON pointer.

JSON can say more than a table can hold (NaN, lone surrogates, numbers of 400 digits, nesting without end); such
values are refused here by name, before any model sees them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, WithJsonSchema

from chalicelib.api.http.call import Call
from chalicelib.ports import targets, web
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem
from chalicelib.wire.json_body import escaped, is_text

SHARED = "x-shared"


def shared(name: str) -> Any:
    """A reference to a schema that is no model's; `openapi.py` puts it in its place, as pydantic knows only its own."""
    return {SHARED: name}


MAX_DEPTH = 24
"""DynamoDB takes 32 levels; the rest is for what we put around."""
MAX_DIGITS_BELOW = 10**15
"""Whole numbers above 2**53 are no longer the same number to every JSON reader."""
JSON: dict[str, Any] = {
    "description": f"JSON of at most {MAX_DEPTH} levels.",
    "anyOf": [
        {"type": ["null", "boolean", "string"]},
        {"type": "number", "minimum": -MAX_DIGITS_BELOW, "maximum": MAX_DIGITS_BELOW},
        {"type": "array", "items": shared("Json")},
        {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": shared("Json"),
        },
    ],
}
"""The schema of what `problems` passes."""


class Fields(BaseModel):
    """A body: no unknown fields, no text taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, ser_json_inf_nan="null")


def _visible(name: str) -> str:
    # Separators of old teletypes are blanks for Python, and not for pydantic.
    if not name.strip():
        raise ValueError("must not be blank")
    if "\ufffd" in name:
        raise ValueError(f"holds {LOST}")
    return name


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    AfterValidator(_visible),
    Field(json_schema_extra={"pattern": r"^[^\ufffd]*[^\s\u001c-\u001f\ufffd][^\ufffd]*$"}),
]
Text = Annotated[str, StringConstraints(max_length=1000)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Json = Annotated[Any, WithJsonSchema(shared("Json"))]
"""Any JSON that a table can hold (`JSON` says which)."""
Condition = Annotated[Any, WithJsonSchema(shared("Condition"))]
"""JSONLogic."""
Members = Annotated[
    dict[str, Any],
    WithJsonSchema({
        "type": "object", "propertyNames": {"minLength": 1},
        "additionalProperties": shared("Json"),
    }),
]  # fmt: skip
"""An object whose members are somebody else's to name."""

Model = TypeVar("Model", bound=BaseModel)


def callable_url(url: str) -> str:
    """The URL; ValueError with a sentence where no call may go there."""
    allow = settings().allow_private_targets
    why = targets.refusal(url, allow_private=allow)
    if why == "private_address":
        raise ValueError("must lead to a public address")
    if why:
        raise ValueError("must be an http or https URL" if allow else "must be an https URL of a public host")
    return url


Target = Annotated[
    str,
    StringConstraints(max_length=targets.MAX_URL),
    AfterValidator(callable_url),
    Field(json_schema_extra={"format": "uri", "pattern": r"^https?://[^\s@\\]+$"}),
]
"""A URL that we may call: https and a public host, but where this deployment allows private targets."""


def small(value: Any, *, most: int) -> Any:
    """The value; ValueError where its JSON is longer than `most` bytes."""
    if len(json.dumps(value).encode()) > most:
        raise ValueError(f"must be at most {most} bytes of JSON")
    return value


def read(call: Call, *, around: int = 0) -> Any:
    """The body as JSON, {} where it is empty; Problem 400 where it is no JSON, 422 for values that cannot be kept.

    `around` are levels that will not be kept themselves."""
    if not call.raw.strip():
        return {}
    kind = (call.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Problem(415, "unsupported_media_type", "send application/json")
    return kept(web.parsed(call.raw), around=around)


def kept(value: Any, *, around: int = 0) -> Any:
    """The value; Problem 422 where a part of it is no JSON or cannot be kept."""
    if wrong := problems(value, depth=-around):
        raise invalid(wrong)
    return _whole(value)


def parse(model: type[Model], value: Any) -> Model:
    """The model of a value; Problem 422 that names every wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(pointers(error)) from None


def body(call: Call, model: type[Model]) -> Model:
    """The body as a model."""
    return parse(model, read(call))


def invalid(errors: Sequence[tuple[str, str]]) -> Problem:
    """What wrong fields are answered."""
    return Problem(422, "invalid", "; ".join(f"{path or '/'}: {what}" for path, what in errors)[:500], errors=errors)


def pointers(error: ValidationError, prefix: str = "") -> list[tuple[str, str]]:
    """(JSON pointer, message) of each error."""
    found = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        path = "".join(f"/{escaped(str(step))}" for step in one["loc"])
        found.append((prefix + path, one["msg"].removeprefix("Value error, ")))
    return found


def problems(value: Any, path: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """What of a value cannot be kept."""
    if depth > MAX_DEPTH:
        return [(path, f"is nested deeper than {MAX_DEPTH} levels")]
    if isinstance(value, dict):
        wrong = [
            (path, "has a field without a name, or one that is no text")
            for key in value
            if not isinstance(key, str) or not key
        ]
        for key, item in value.items():
            if not is_text(str(key)):
                wrong.append((path, "has a field whose name is no Unicode text"))
            else:
                wrong += problems(item, f"{path}/{escaped(str(key))}", depth + 1)
        return wrong
    if isinstance(value, list):
        return [found for n, item in enumerate(value) for found in problems(item, f"{path}/{n}", depth + 1)]
    if isinstance(value, str):
        if not is_text(value):
            return [(path, "is no Unicode text")]
        return [(path, f"holds {LOST}")] if path.endswith("/name") and "\ufffd" in value else []
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [] if abs(value) <= MAX_DIGITS_BELOW else [(path, "is too large a number")]
    if isinstance(value, float):
        small_enough = math.isfinite(value) and (value == 0 or 1e-100 < abs(value) < 1e100)
        return [] if small_enough else [(path, "is no number that can be kept")]
    return [(path, "is nothing that JSON can say")]


def _whole(value: Any) -> Any:
    """The value with 5 in the place of 5.0: JSON Schema and many writers of JSON make no difference between them."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_DIGITS_BELOW:
        return int(value)
    return value


LOST = "U+FFFD, which stands for a letter that was lost: read the name anew from where it came, as UTF-8"
