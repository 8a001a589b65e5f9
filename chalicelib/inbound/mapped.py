"""Mappings of sources at work: each event read within bounds, in a process that may end without anybody else's loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.ports.child import Unanswered
from chalicelib.sources import mapping, reading
from chalicelib.sources.engine import ENGINE, EVENT_FOR_MS
from chalicelib.sources.expressions import Gave
from chalicelib.sources.mapping import Errors, Read

READ_FOR_MS = 6_000
"""How long the events of one post are read; a mapping that needs longer is asked for in smaller posts."""
_SENTENCES = {
    Unanswered.LATE: "was not read in time: post fewer events at once, or mend the mapping",
    Unanswered.ENDED: "the mapping took more memory or time over this event than it may",
}


def problems(fields: Mapping[str, Any]) -> Errors:
    """What is wrong with the expressions of a mapping, and where."""
    texts = mapping.expressions_of(fields)
    found = ENGINE.answers(None, list(texts.values()), each_s=EVENT_FOR_MS / 1000, all_s=READ_FOR_MS / 1000)
    told = {path: one if isinstance(one, str) else one.value for path, one in zip(texts, found, strict=True)}
    return mapping.problems(fields, told)


def read(events: list[Any], fields: Mapping[str, Any], *, system: str, country: str, now_ms: int) -> list[Read]:
    """What each event says by a mapping. Never raises, whatever an event or an expression is."""
    unreadable = [reading.unreadable(event) for event in events]
    usable = [event for event, why in zip(events, unreadable, strict=True) if not why]
    texts = mapping.expressions_of(fields)
    gave = iter(ENGINE.answers(texts, usable, each_s=EVENT_FOR_MS / 1000, all_s=READ_FOR_MS / 1000))
    by = _Reader(system, country, now_ms)
    return [
        by.refused(why) if why else by.read(event, next(gave)) for event, why in zip(events, unreadable, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """By whom events are read, and when."""

    system: str
    country: str
    now_ms: int

    def read(self, event: dict[str, Any], gave: Any) -> Read:
        """What an event says, by what the child gave over it."""
        if isinstance(gave, Unanswered):
            return self.refused(_SENTENCES[gave])
        said = Gave(gave["given"], [(path, why) for path, why in gave["wrong"]])
        return mapping.read(event, said, system=self.system, country=self.country, now_ms=self.now_ms)

    def refused(self, why: str) -> Read:
        """An event that is not read."""
        return Read(errors=[("", why)])
