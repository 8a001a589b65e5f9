"""What the pump needs to know of a transport out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.domain.event import Event
from chalicelib.domain.exchange import Call
from chalicelib.domain.notice import Notice
from chalicelib.domain.retry import DISABLE_AFTER_S, WAITS_S
from chalicelib.ports import clock
from chalicelib.tables.deliveries import DeliveryRow


@dataclass(frozen=True, slots=True)
class Target:
    """The destination as it stands now."""

    body: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)
    usable: bool = True
    """Verified, not switched off, not suspended."""
    failures: int | None = None
    """Consecutive failures so far; None where the destination is never switched off."""
    waits_s: Sequence[int] = WAITS_S
    inactive_after_s: int = DISABLE_AFTER_S
    """How long ago the first of the failures must be that switch it off."""
    max_age_s: int = 0
    """After which a delivery is given up; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one attempt looked like from here, whatever came of it."""

    took_ms: int = 0
    status: int = 0
    """Of the response; 0 where there was none."""
    head: str = ""
    """First characters of the response, redacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Tried):
    """The other side took it."""

    answers: tuple[Any, ...] = ()
    """Events that the response carried."""
    warnings: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, message) of what was ignored of the response."""
    provider_id: str = ""
    parts: tuple[str, ...] = ()
    """Ids of the parts before the last, of what went out as several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLater(Tried):
    """It did not, and may the next time."""

    error: str
    retry_after_s: int = 0
    """How long the other side wants to be left alone."""
    context: dict[str, Any] | None = None
    """What was read for the attempt and has to be told alike by the next."""
    done: int = 0
    """How many parts the other side has by now, which the next attempt leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Tried):
    """It never will: the other side said so, or there is nothing to be tried."""

    error: str
    reason: str = ""
    opted_out: str = ""
    """Of what the user wants to hear no more: all, or marketing."""
    done: int = 0
    """As of `TryLater`."""
    unknown: bool = False
    """Nobody knows whether the other side has it, and it must not have it twice."""


Outcome = Delivered | TryLater | Refused


def event_of(notice: Notice, *, id: str, kind: str, body: dict[str, Any], once: bool = False) -> Event:
    """An event of the thread that a delivery is about."""
    return Event(
        id=id,
        kind=kind,
        service=notice.service,
        channel=notice.channel,
        channel_kind=notice.channel_kind,
        address=notice.address,
        thread=notice.thread,
        at=clock.now_ms(),
        body=body,
        once=once,
        trace=notice.trace,
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """When an attempt may be made that has to wait for others."""

    place: str
    """What the delivery's row keeps of it, until it has come."""
    at: int
    """In milliseconds since the epoch."""


class Transport(Protocol):
    """A transport out of the platform."""

    retry_queue: str

    def target(self, destination: str) -> Target | None:
        """The destination of that id, read anew; None where it was removed."""
        ...

    async def turn(self, row: DeliveryRow, notice: Notice, target: Target) -> Turn | None:
        """Wait until the attempt may be made; when that will be, where it takes long."""
        ...

    async def attempt(self, call: Call, row: DeliveryRow, notice: Notice, target: Target) -> Outcome:
        """Tell the notice once."""
        ...

    async def probe(self, call: Call, notice: Notice, target: Target) -> bool:
        """Whether the destination passes verification right now."""
        ...

    def delivered(self, row: DeliveryRow, notice: Notice, outcome: Delivered) -> None:
        """What follows from success; runs before the row says delivered, and so perhaps twice."""
        ...

    def given_up(self, row: DeliveryRow, notice: Notice, outcome: TryLater | Refused) -> None:
        """What follows from giving up (`failed`, `expired`, `poison`, `unknown`); perhaps twice as well."""
        ...
