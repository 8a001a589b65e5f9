"""What the queue of replays is told: to go on with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.stored import known


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """A run of a replay: some pages of it."""

    service: str
    id: str
    run: int = 0
    """Which run; one that the replay is beyond is void."""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data."""
        return asdict(self)

    @staticmethod
    def of(plain: Mapping[str, Any]) -> ReplayRun:
        """The reverse of `plain`; KeyError where it names no replay."""
        return ReplayRun(**{"service": plain["service"], "id": plain["id"]} | known(ReplayRun, plain))
