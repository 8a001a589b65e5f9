"""What the queue `media` holds: a file of a message that is to be got from its provider before that lets go of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.stored import known


@dataclass(frozen=True, slots=True)
class FileCopy:
    """One file of one message."""

    thread: str
    seq: int
    message: str
    number: int
    """Of the file in the message, from 0."""
    trace: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data."""
        return asdict(self)

    @staticmethod
    def of(plain: Mapping[str, Any]) -> FileCopy:
        """The reverse of `plain`."""
        return FileCopy(**known(FileCopy, plain))
