"""Figures: what is counted of a service, from facts that each have a name of their own, so that twice is once.

Figures are nested maps of whole numbers, which add up member by member; whoever adds keeps members that he does not
know. By id of a channel, bot, desk, subscription, source or trigger, and under `all` of the whole service:

of whose threads they are: `in`, `out` (messages)
destinations of deliveries: `tries` and `bad` (attempts, and those that failed), `ms` (histogram of how long they took),
    `lost` (given up)
desk: `opened`, `closed`, `first` (histogram of seconds to a person's first word), `ends` (outcome -> number)
all: `opened`, `closed`, `handed` (conversations; those that a bot handed over)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.stored import known

Figures = dict[str, Any]
ALL = "all"
STEP_MS, HOUR_MS, DAY_MS = 900_000, 3_600_000, 86_400_000
MOST_OUTCOMES = 30
"""Of a desk that are counted apart in a step; what is more counts as OTHER."""
OTHER = "other"
_NAME = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that counts, once."""

    id: str
    """From its cause."""
    service: str
    at: int
    """When it was written down, in milliseconds."""
    counts: Figures

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data."""
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Fact:
        """The reverse of `plain`."""
        return Fact(**known(Fact, dict(plain)))


def step_of(at: int, length: int = STEP_MS) -> int:
    """When the step began that a time lies in, of steps of so many milliseconds."""
    return at - at % length


def add(into: Figures, more: Mapping[str, Any]) -> Figures:
    """Add figures to others in place, and give them."""
    for name, value in more.items():
        if name == "ends":
            _add_outcomes(into.setdefault(name, {}), value)
        elif isinstance(value, Mapping):
            add(into.setdefault(name, {}), value)
        else:
            into[name] = into.get(name, 0) + value
    return into


def _add_outcomes(into: dict[str, int], more: Mapping[str, int]) -> None:
    for outcome, n in more.items():
        name = outcome if outcome in into or len(into) < MOST_OUTCOMES else OTHER
        into[name] = into.get(name, 0) + n


def total(all: Iterable[Mapping[str, Any]]) -> Figures:
    """The sum of figures."""
    found: Figures = {}
    for one in all:
        add(found, one)
    return found


def outcome_name(outcome: str) -> str:
    """An outcome as it is counted."""
    return outcome[:_NAME] or OTHER


def bucket(value: int) -> str:
    """The place of a value in a histogram by powers of two: `n` holds 2**(n-1) up to 2**n - 1, `0` zero."""
    return str(max(0, value).bit_length())


def counted(histogram: Mapping[str, int]) -> int:
    """How many values a histogram holds."""
    return sum(histogram.values())


def percentile(histogram: Mapping[str, int], share: float) -> int | None:
    """The value below which a share of those in a histogram lies, taken as spread evenly within each place; None of
    an empty one."""
    left = share * counted(histogram)
    if not left:
        return None
    for place in sorted(int(name) for name in histogram):
        here = int(histogram[str(place)])
        if left <= here:
            least = 1 << (place - 1) if place else 0
            return least + int(least * left / here)
        left -= here
    return 1 << max(int(name) for name in histogram)
