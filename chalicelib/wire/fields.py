"""Reading the fields of a JSON object by their exact names, gathering what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_ID = 256
"""Longest id, name or address that is taken from outside, in characters."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object. What is wrong with them is gathered in `wrong`, as (JSON pointer, message)."""

    given: Mapping[str, Any]
    at: str = ""
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        """Note that the field `name` (the object itself where empty) is wrong."""
        self.wrong.append((f"{self.at}/{name}" if name else self.at, message))

    def has(self, name: str) -> bool:
        """Whether the field is there; null counts as absent."""
        return self.given.get(name) is not None

    def text(self, name: str, *, required: bool = False, most: int = MAX_ID) -> str:
        """A string of at most `most` characters; empty where it is absent or wrong."""
        value = self.given.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self.refuse(name, "required" if value is None else "must be a string")
        elif required and not value.strip():
            self.refuse(name, "must not be empty")
        elif len(value) > most:
            self.refuse(name, f"must have at most {most} characters")
        else:
            return value
        return ""

    def flag(self, name: str) -> bool:
        """True or false; false where it is absent."""
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, "must be true or false")
        return value is True

    def number(self, name: str, low: float, high: float) -> float:
        """A required number within both bounds."""
        value = self.given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.refuse(name, f"must be a number from {low:g} to {high:g}")
            return low
        return value

    def inside(self, name: str) -> Fields:
        """The fields of an object within; none where it is absent."""
        value = self.given.get(name, {})
        if not isinstance(value, dict):
            self.refuse(name, "must be an object")
            value = {}
        return Fields(value, f"{self.at}/{name}", self.wrong)

    def each(self, name: str, *, most: int) -> list[Fields]:
        """The fields of each object of an array within; none where it is absent."""
        value = self.given.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            self.refuse(name, f"must be an array of at most {most}")
            return []
        return objects(value, f"{self.at}/{name}", self.wrong)


def objects(values: list[Any], at: str, wrong: list[tuple[str, str]]) -> list[Fields]:
    """The fields of each object of an array; what is no object is wrong."""
    wrong += [(f"{at}/{n}", "must be an object") for n, value in enumerate(values) if not isinstance(value, dict)]
    return [Fields(value, f"{at}/{n}", wrong) for n, value in enumerate(values) if isinstance(value, dict)]
