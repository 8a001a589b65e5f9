"""An episode: a webhook's row of failed attempts, from the first to the success, or the return, that ended it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.stored import known


@dataclass(frozen=True, slots=True)
class Episode:
    """Failed attempts in a row; times in milliseconds."""

    endpoint: str
    begun: int
    """The first attempt that failed: together with `endpoint` what tells it from others."""
    ended: int
    attempts: int
    inactive: bool = False
    """Whether the webhook was switched off by it."""
    last: str = ""
    """Id of the delivery whose attempt failed last."""
    error: str = ""
    """Of that attempt, as `status_code`."""
    status_code: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Episode:
        """The reverse of `plain`."""
        return Episode(**known(Episode, dict(plain)))
