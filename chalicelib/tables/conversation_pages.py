"""In which order a person's conversations are gone through, page by page, while they are spoken in.

The latest come first, and that changes while somebody reads. So a walk goes by what was written a minute before it
began: by then every write of that time has landed, and a link keeps its earlier time (`before`) for an hour. What was
spoken in within that minute, or since, comes first on the first page and is remembered by name. Nothing comes twice
and nothing that was there is left out; what is opened later is for the next walk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.tables.links import TOUCH_EVERY_MS, Link

LANDED_MS = 60_000
"""After this long a write has landed, or was cut off and will be another."""
GOOD_FOR_MS = TOUCH_EVERY_MS - 2 * LANDED_MS
"""How long a walk may take: a link knows one time before its last, and two are an hour apart."""
Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far somebody has come."""

    at: int
    """The time by whose links it goes."""
    place: Place | None = None
    """The last conversation that was shown of those that were there at that time: when it was spoken in, its id."""
    shown: tuple[str, ...] | None = None
    """Conversations that were shown because they were spoken in since; None before the first page."""

    def over(self, now_ms: int) -> bool:
        """Whether it has taken too long to go on."""
        return not 0 <= now_ms - self.at - LANDED_MS <= GOOD_FOR_MS


def begun(now_ms: int) -> Walk:
    """A walk that begins."""
    return Walk(now_ms - LANDED_MS)


def step(links: Iterable[Link], walk: Walk, *, limit: int) -> tuple[list[Link], Walk | None]:
    """The next conversations of a walk, at most `limit`, and the walk after them; None where it ends."""
    every = list(links)
    fresh: list[Link] = []
    if walk.shown is None:
        since = [link for link in every if link.touched > walk.at]
        fresh = sorted(since, key=lambda link: (link.touched, link.conversation), reverse=True)[:limit]
        walk = replace(walk, shown=tuple(link.conversation for link in fresh))
    shown = set(walk.shown or ())
    places = {_place(link, walk.at): link for link in every if link.conversation not in shown}
    left = sorted((place for place in places if walk.place is None or place < walk.place), reverse=True)
    page = left[: limit - len(fresh)]
    found = [*fresh, *(places[place] for place in page)]
    if len(left) == len(page):
        return found, None
    return found, replace(walk, place=page[-1]) if page else walk


def _place(link: Link, at: int) -> Place:
    """Where a conversation stood, and stands for the whole walk; one that came since, before all others."""
    return link.seen_at(at), link.conversation
