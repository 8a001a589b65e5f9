"""Which part of a thread is one person's: all of it, as long as nobody else writes from its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

ALL = 2**53
"""Above every number of a message or conversation."""


@dataclass(frozen=True, slots=True)
class Part:
    """Messages above number `after` up to `upto`, and conversations between numbers likewise."""

    after: int = 0
    upto: int = ALL
    conversations_after: int = 0
    conversations_upto: int = ALL

    def plain(self) -> list[int]:
        """As JSON-shaped data."""
        return [self.after, self.upto, self.conversations_after, self.conversations_upto]

    @property
    def is_open(self) -> bool:
        """Whether what is said from now on belongs to it."""
        return self.upto >= ALL


def read(given: Any) -> tuple[Part, ...]:
    """The parts that a row keeps, oldest first; the whole thread where it keeps none."""
    return tuple(Part(*(int(at) for at in one[:4])) for one in given or ()) or (Part(),)


def with_part(parts: Iterable[Part], new: Part) -> tuple[Part, ...]:
    """Parts and one more, as few as there can be: what begins where another ends goes on with it."""
    found: list[Part] = []
    for one in sorted([*parts, new], key=lambda part: (part.after, part.upto)):
        if found and one.after <= found[-1].upto:
            last = found[-1]
            upto, numbers = max(last.upto, one.upto), max(last.conversations_upto, one.conversations_upto)
            found[-1] = replace(last, upto=upto, conversations_upto=numbers)
        else:
            found.append(one)
    return tuple(found)


def ended(parts: Iterable[Part], *, upto: int, conversations: int) -> tuple[Part, ...]:
    """Parts, the open one of which ends at a message and a conversation."""
    return tuple(replace(one, upto=upto, conversations_upto=conversations) if one.is_open else one for one in parts)
