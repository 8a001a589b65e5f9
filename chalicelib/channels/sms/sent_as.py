"""Our own id of what goes out: the message's own for its last part, and of those before it which one."""

from __future__ import annotations

import re

_PART = re.compile(r"(.+)-p([1-9][0-9]{0,2})")


def written(id: str, part: int, parts: int) -> str:
    """The id of part `part` of `parts`, from 1."""
    return id if part == parts else f"{id}-p{part}"


def read(given: str) -> tuple[str, bool]:
    """(our id, whether it is of a part that is not the last)."""
    found = _PART.fullmatch(given)
    return (found[1], True) if found else (given, False)
