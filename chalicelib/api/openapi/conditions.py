"""JSONLogic as JSON Schema."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.fields import MAX_DIGITS_BELOW, shared
from chalicelib.domain.deciding import conditions


def schemas() -> dict[str, Any]:
    """Schemas by name: Condition is what a rule takes, Call is an operator with what it is applied to."""
    return {
        "Condition": {
            "description": f"JSONLogic of at most {conditions.MAX_BYTES} bytes and {conditions.MAX_DEPTH} levels; "
            f"null: always. Its variables are {', '.join(_variables())}.",
            "anyOf": [{"type": ["null", "boolean"]}, {"type": "object", "maxProperties": 0}, shared("Call")],
        },
        "Call": {
            "description": "An operator, and a list of what it is applied to, or the only thing.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"enum": conditions.operators()},
            "additionalProperties": shared("Argument"),
        },
        "Argument": {
            "anyOf": [
                {"type": ["null", "boolean", "string"]},
                {"type": "number", "minimum": -MAX_DIGITS_BELOW, "maximum": MAX_DIGITS_BELOW},
                {"type": "array", "items": shared("Argument")},
                shared("Call"),
            ]
        },
    }


def _variables() -> list[str]:
    return [
        f"{group}.{one}{'.*' if (group, one) in conditions.OPEN else ''}"
        for group, members in sorted(conditions.VARIABLES.items())
        for one in sorted(members)
    ]
