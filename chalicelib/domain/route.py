"""Who gets a message: the switchboard's decision, one `Route` for each party that hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.stored import known

CHANNEL, BOT, DESK, SUBSCRIPTION, TRIGGER = "channel", "bot", "desk", "subscription", "trigger"


@dataclass(frozen=True, slots=True)
class Route:
    """One party that hears of a message, or of its receipts: decided once, by `converse`, carried out by `fan_out`."""

    to: str
    """channel, bot, desk, subscription or trigger."""
    id: str = ""
    """Of the bot, desk, subscription or trigger; empty: the message's own channel."""
    notice: str = ""
    """One of `domain.notice.KINDS`; empty: the message itself, its receipt, or the event that `event` names."""
    conversation: str = ""
    """The party's own conversation; empty: the message's."""
    mode: str = "BOT"
    """`BOT` where the bot owns the thread and is expected to answer, else `CCSP` (a copy)."""
    number: int = 0
    """Sequence of the notice for this bot on this thread; 0 where it has none."""
    patience_s: int = 0
    """How long the bot may fail before the thread goes to `desk`; 0: for ever."""
    desk: str = ""
    asked: str = ""
    """Id of the trigger's event that waits for the bot's answer, or of which `outcome` tells."""
    event: str = ""
    """Type of the platform event that is told in the place of the message."""
    outcome: str = ""
    """Of a trigger's event: succeeded or failed."""
    reply: str = ""
    """What the bot answered to it."""
    error: dict[str, Any] | None = None
    """Why it failed: code and reason."""
    notify: bool = False
    """Whether the trigger's `notify_url` is told."""
    reason: str = ""
    """Of a hand-over or its end: why."""
    params: dict[str, Any] = field(default_factory=dict)
    """Custom parameters that the bot gave with its hand-over."""
    owner: str = ""
    """Who owns the thread since: bot, desk or empty."""
    bulk: bool = False
    """Whether it may wait while people talk: its lane is another, which keeps no order with those of the thread."""
    handle: dict[str, Any] = field(default_factory=dict)
    """To the channel: what the provider wants with an answer (`Thread.handle`)."""

    @property
    def tells_outcome(self) -> bool:
        """Whether it tells what became of a trigger's event."""
        return bool(self.event and self.asked)

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is as it mostly is."""
        data = {key: value for key in self.__slots__ if (value := getattr(self, key)) not in ("", 0, None, {})}
        if self.mode == "BOT":
            del data["mode"]
        return data

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Route:
        """The reverse of `plain`; what another version of this code added is passed over."""
        return Route(**{"to": ""} | known(Route, plain))


def plain_routes(routes: Iterable[Route]) -> list[dict[str, Any]]:
    """Routes as tables keep them."""
    return [route.plain() for route in routes]


def routes_of(plain: Iterable[Mapping[str, Any]]) -> tuple[Route, ...]:
    """The reverse of `plain_routes`."""
    return tuple(Route.of(one) for one in plain)
