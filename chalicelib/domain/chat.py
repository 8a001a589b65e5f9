"""A desk's open conversation on a thread: all that our own inbox shows of it, so that its row there needs no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.stored import known

CONSOLE = "console"
"""The kind of desk whose people work in our own inbox."""
MOST_UNREAD = 50
"""How many messages are counted that nobody has answered: what is more is told as so many."""


@dataclass(frozen=True, slots=True)
class Chat:
    """The desk's open conversation on a thread.

    What follows `kind` is kept of desks of kind console alone: the thread's row is part of every message's, and
    other desks have an inbox of their own.
    """

    number: int
    desk: str
    state: str
    """offered, accepted or held."""
    since: int
    tried: tuple[str, ...] = ()
    """Desks that did not accept in time."""
    reason: str = ""
    agent: dict[str, str] = field(default_factory=dict)
    """id and name of the person who has it, as far as the desk says them."""
    snoozed: int = 0
    """Until when it is put aside, in milliseconds; 0: it is not."""
    kind: str = ""
    """CONSOLE where our own inbox shows it; empty of other desks."""
    waiting: int = 0
    """Since when the customer waits for a person's word, in milliseconds; 0: they do not."""
    due: int = 0
    """By when the desk wants to have answered, in milliseconds; 0: it does not say, or nobody waits."""
    answered: bool = False
    """Whether a person has written since it was opened; kept of every desk."""
    unread: tuple[int, ...] = ()
    """Numbers of what the customer said since a person last answered, at most the last MOST_UNREAD."""
    said: int = 0
    """Number of the last message in it that is speech; while there is none, of the thread's last message before it."""

    @property
    def in_inbox(self) -> bool:
        """Whether our own inbox shows it."""
        return self.kind == CONSOLE

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty but for what every version has written."""
        more = {name: value for name in _LATER if (value := getattr(self, name))}
        if self.unread:
            more["unread"] = list(self.unread)
        return {
            "number": self.number,
            "desk": self.desk,
            "state": self.state,
            "since": self.since,
            "tried": list(self.tried),
            "reason": self.reason,
        } | more

    @staticmethod
    def of(plain: dict[str, Any]) -> Chat:
        """The reverse of `plain`; a version before this wrote its first members alone."""
        lists = {name: tuple(plain.get(name, ())) for name in ("tried", "unread")}
        return Chat(**known(Chat, plain) | lists)


_LATER = ("agent", "snoozed", "kind", "waiting", "due", "answered", "said")
