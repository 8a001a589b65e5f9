"""What a lane's pump is told: to look at a lane, or to make the attempt that it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chalicelib.domain.stored import known

HELD, ALL = "held", "all"
"""Which blocked lanes an order opens: those that wait for their destination's return, or any."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order on the queue of a lane's wake-ups, or of its retries."""

    lane: str
    head: str = ""
    """Of a retry: key of the delivery that the lane waits for."""
    attempt: int = 0
    """Of a retry: how many attempts of it have failed."""
    open: str = ""
    """`held` or `all`: what blocks the lane is removed first, where it is of that kind."""
    dead: int = 0
    """How many wake-ups of the lane died before."""
    trace: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) not in ("", 0)}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Order:
        """The reverse of `plain`; KeyError where it names no lane."""
        return Order(**{"lane": plain["lane"]} | known(Order, plain))
