"""Channels as they stood some seconds ago, for edges that are called again and again for the same one.

A change of a channel is seen by a process at the latest `KEEP_MS` after it was made: until then a removed channel
still takes messages and an old secret still opens it. Whoever refuses a call by a row from here reads it `anew` first,
so that what was just set up or changed works at once.
"""

from __future__ import annotations

from chalicelib.ports import clock
from chalicelib.tables import config
from chalicelib.tables.config import Resource

KEEP_MS = 10_000
_MOST = 1000
_rows: dict[str, tuple[int, Resource]] = {}
"""Channel -> when it was read, in milliseconds since the epoch, and its row."""


def get(channel: str) -> Resource | None:
    """The row as it stood at most ten seconds ago; None where there is none now."""
    read_at, row = _rows.get(channel, (0, None))
    return row if row is not None and 0 <= clock.now_ms() - read_at < KEEP_MS else anew(channel)


def anew(channel: str) -> Resource | None:
    """The row as it stands now; None where there is none."""
    row, now = config.get("channel", channel), clock.now_ms()
    if row is None:
        # Not kept: whoever makes up ids must not push out what others use, and a new channel works at once.
        _rows.pop(channel, None)
        return None
    if len(_rows) >= _MOST:
        _rows.clear()
    _rows[channel] = (now, row)
    return row


def forget() -> None:
    """As in a process that has just begun."""
    _rows.clear()
