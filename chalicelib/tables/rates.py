"""Rows `rate#...` of table `receipts`: from when on the next message may go, where a channel takes so many a second.

A place is one conditional update, or two where others wait: however many do, nobody looks for a free one.
"""

from __future__ import annotations

from chalicelib.tables.receipts import Receipt
from chalicelib.tables.writes import same_by_whomever, updated

_ROUNDS = 4
_KEEP_S = 35 * 86_400
"""After the last place was taken: longer than any that waits for one is kept (`tables.schedule`, a month), as all that
came after the row were given the places of those once more."""


def take(queue: str, *, per_s: float, now_ms: int) -> int:
    """When a message may go, in milliseconds since the epoch: now or later, `per_s` in a second. The place is its own.

    `queue` names what keeps to the rate together. A place too many, where an answer is lost, stays empty.
    """
    row, step = Receipt(f"rate#{queue}"), 1000 / per_s
    for _ in range(_ROUNDS):
        idle = Receipt.free_at.does_not_exist() | (Receipt.free_at <= now_ms)
        expires = Receipt.expiration.set(now_ms // 1000 + _KEEP_S)
        if updated(row, [Receipt.free_at.set(now_ms + step), expires], idle, ours=same_by_whomever):
            return now_ms
        # Others are before it: behind the last of them.
        if updated(row, [Receipt.free_at.add(step), expires], Receipt.free_at > now_ms, ours=same_by_whomever):
            return max(now_ms, round(float(row.free_at or 0) - step))
    # It has just become free again and again: so few are at it that the rate is kept.
    return now_ms
