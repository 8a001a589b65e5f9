"""Calls of a run that has to end: none is begun that could outlast it.

A message may go out as several, each with a file that its provider gets before it answers. What went out must be
recorded before the function's time is up, or nobody knows whether the provider has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.domain.exchange import Exchange

NO_TIME = "no_time"
"""The error of a call that was not begun: what is left goes out with the next attempt."""
_RECORDING_MS = 6_000
"""For what follows the last call: its writes, and the lane's."""


def within(call: Any, remaining_ms: Callable[[], int]) -> Any:
    """The call, which is not begun where it might take longer than is left."""

    async def make(
        method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0, **more: Any
    ) -> Exchange:
        if timeout_s * 1000 > remaining_ms() - _RECORDING_MS:
            return Exchange(0, {}, b"", 0, NO_TIME)
        found: Exchange = await call(method, url, headers=headers, body=body, timeout_s=timeout_s, **more)
        return found

    return make
