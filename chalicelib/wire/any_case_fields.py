"""Reading fields whose names come in any letter case, noting every wrong one by its JSON pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from chalicelib.domain.message import MAX_TEXT_BYTES

MAX_NAME = 1024
"""Characters of an id, name or title: no channel shows more."""


@dataclass(slots=True)
class Problems:
    """What is wrong, as (JSON pointer, message); `too_large` where one of it is a size."""

    found: list[tuple[str, str]] = field(default_factory=list)
    too_large: bool = False
    objects: list[Fields] = field(default_factory=list)
    """What was read, for what was not."""

    def unread(self) -> list[tuple[str, str]]:
        """(JSON pointer, message) of the members that nobody asked for; what was read is forgotten."""
        found = [one for fields in self.objects for one in fields.unread()]
        self.objects.clear()
        return found


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of one JSON object; names are compared without case, `_` and `-`."""

    given: Mapping[str, Any]
    at: str
    """JSON pointer of the object."""
    problems: Problems
    _keys: dict[str, str]
    _asked: dict[str, str] = field(default_factory=dict)
    """Names that were asked for, as they are compared -> as they were asked for."""

    @staticmethod
    def of(given: Mapping[str, Any], at: str, problems: Problems) -> Fields:
        """The fields of an object that stands at the pointer `at`."""
        made = Fields(given, at, problems, {_plain(key): key for key in given})
        problems.objects.append(made)
        return made

    def know(self, *names: str) -> None:
        """Take these members for read."""
        self._asked.update({_plain(name): name for name in names})

    def unread(self) -> list[tuple[str, str]]:
        """(JSON pointer, message) of the members that say something and that nobody asked for."""
        found = []
        for key, value in self.given.items():
            if _plain(key) in self._asked or value in (None, "", [], {}):
                continue
            near = get_close_matches(_plain(key), set(self._asked) - set(self._keys), n=1, cutoff=0.75)
            hint = f"; did you mean {self._asked[near[0]]}?" if near else ""
            found.append((self.pointer(key), f"is not known here and was ignored{hint}"))
        return found

    def has(self, *names: str) -> bool:
        """Whether one of the members is there and not null."""
        return any(self.value(name) is not None for name in names)

    def value(self, name: str) -> Any:
        """The member as it is; None where there is none."""
        self._asked.setdefault(_plain(name), name)
        return self.given.get(self._keys.get(_plain(name), name))

    def pointer(self, name: str) -> str:
        """Where the member stands, or would stand."""
        key = self._keys.get(_plain(name), name)
        return f"{self.at}/{key.replace('~', '~0').replace('/', '~1')}"

    def wrong(self, name: str, why: str) -> None:
        """Note what is wrong with a member."""
        self.problems.found.append((self.pointer(name), why))

    def text(self, name: str, *, required: bool = False, most: int = MAX_NAME) -> str:
        """The member as text; empty where it is absent or wrong."""
        value = self.value(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if required:
                self.wrong(name, "is required")
            return ""
        if not isinstance(value, str):
            self.wrong(name, "must be a text")
            return ""
        if len(value) > most:
            self.wrong(name, f"has {len(value)} characters; at most {most} are taken")
            return ""
        return value

    def said(self, name: str, *, required: bool) -> str:
        """The member as the text of a message, at most 16 KiB of UTF-8."""
        value = self.text(name, required=required, most=1 << 30)
        if (size := len(value.encode())) > MAX_TEXT_BYTES:
            self.wrong(name, f"has {size} bytes; at most {MAX_TEXT_BYTES} are taken")
            self.problems.too_large = True
        return value

    def number(self, name: str, least: float, most: float) -> float:
        """The member as a number between two bounds, both included."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.wrong(name, f"must be a number from {least:g} to {most:g}")
            return 0
        return value

    def time(self, name: str) -> int:
        """The member as milliseconds since the epoch; 0 where there is none.

        `YYYY-MM-DD hh:mm:ss.SSS` in GMT, RFC 3339, or a number of seconds or milliseconds.
        """
        value = self.value(name)
        if value is None or value == "":
            return 0
        try:
            return _time(value)
        except (ValueError, TypeError, OverflowError, OSError):
            self.wrong(name, "must be a time such as 2026-11-21 01:23:45.678 (GMT)")
            return 0

    def items(self, name: str, *, most: int) -> list[tuple[str, Any]]:
        """(pointer, item) of a member that is an array of one to `most` items."""
        value = self.value(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.wrong(name, f"must be an array of 1 to {most} items")
            return []
        return [(f"{self.pointer(name)}/{index}", item) for index, item in enumerate(value)]

    def objects(self, name: str, *, most: int) -> list[Fields]:
        """The same for an array of objects; what is none is noted and left out."""
        return [inner for at, item in self.items(name, most=most) if (inner := self._object(at, item))]

    def object(self, name: str) -> Fields | None:
        """The fields of a member that is an object; None, and noted, where it is not."""
        return self._object(self.pointer(name), self.value(name))

    def _object(self, at: str, value: Any) -> Fields | None:
        if isinstance(value, dict):
            return Fields.of(value, at, self.problems)
        self.problems.found.append((at, "must be an object"))
        return None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _time(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    if isinstance(value, int | float):
        # Since 1973 milliseconds have had more digits than seconds will have for three thousand years.
        at = datetime.fromtimestamp(value if value < 1e11 else value / 1000, UTC)
    else:
        at = datetime.fromisoformat(value.strip())
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, round(at.timestamp() * 1000))
