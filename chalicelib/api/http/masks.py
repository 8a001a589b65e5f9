"""`***`: what is answered in the place of a value that is kept and not shown, and what such a value may be given as.

Whoever reads a resource and sends it back must neither see what is kept nor overwrite it with the mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import WithJsonSchema

from chalicelib.wire.json_body import escaped

MASK = "***"
MaskedHeaders = Annotated[
    dict[str, Literal["***"]],
    WithJsonSchema({
        "type": "object", "additionalProperties": {"const": MASK},
        "description": "Their names. Values are never shown; `***` given back keeps the one that is kept under a name.",
    }),
]  # fmt: skip
"""Headers as they are answered."""
_Value = TypeVar("_Value", bound=str | None)


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """The names, with the mask in the place of each value."""
    return dict.fromkeys(values, MASK)


def unmasked(
    given: Mapping[str, _Value], kept: Mapping[str, _Value], path: str, *, any_case: bool = False
) -> tuple[dict[str, _Value], list[tuple[str, str]]]:
    """(what was given with what is kept in the place of the mask, what is wrong: masks under whose name nothing is).

    `path` is the JSON pointer of the place; `any_case`: names that differ in their case alone are the same."""
    alike = str.lower if any_case else str
    stands = {alike(name): value for name, value in kept.items()}
    values = {name: stands.get(alike(name), value) if value == MASK else value for name, value in given.items()}
    wrong = [
        (f"{path}/{escaped(name)}", f"is kept nowhere yet, so {MASK} stands for nothing: give the value")
        for name, value in given.items()
        if value == MASK and alike(name) not in stands
    ]
    return values, wrong
