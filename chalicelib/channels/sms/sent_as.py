"""Our own id of what goes out: the message's own for its last part, and of those before it which one.

It has a hundred characters; gateways take forty, so there is a short one of the same besides.
"""

from __future__ import annotations

import re

from chalicelib.ports import ids

_PART = re.compile(r"(.+)-p([1-9][0-9]{0,2})")


def written(id: str, part: int, parts: int) -> str:
    """The id of part `part` of `parts`, from 1."""
    return id if part == parts else f"{id}-p{part}"


def short(id: str) -> str:
    """An id of 29 letters that is as good, and does not tell which message it is of."""
    return ids.from_cause("sm", id)


def read(given: str) -> tuple[str, bool]:
    """(our id, whether it is of a part that is not the last)."""
    found = _PART.fullmatch(given)
    return (found[1], True) if found else (given, False)
