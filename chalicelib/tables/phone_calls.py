"""Rows `call#...` of table `receipts`: the last call on a thread, and whether it goes on.

While one goes on nothing is pushed: the call fetches what it speaks. A call that ends leaves its row for a day, so that
what was said in it, and not heard, rings nobody afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.tables.receipts import Receipt
from chalicelib.tables.writes import same_by_whomever, saved, updated

KEEP_S = 86_400


@dataclass(frozen=True, slots=True)
class PhoneCallRow:
    """A call; times in milliseconds since the epoch."""

    id: str
    began_ms: int
    heard_ms: int
    ended_ms: int = 0
    """0 while nothing was heard of its end."""


def _key(thread: str) -> str:
    return f"call#{thread}"


def last(thread: str) -> PhoneCallRow | None:
    """The last call on a thread, read consistently."""
    try:
        row = Receipt.get(_key(thread), consistent_read=True)
    except Receipt.DoesNotExist:
        return None
    if not row.call:
        return None
    return PhoneCallRow(str(row.call), int(row.began_at or 0), int(row.heard_at or 0), int(row.ended_at or 0))


def heard(thread: str, call: str, *, now_ms: int) -> None:
    """A call goes on. One that is over stays so; another than the row's takes its place."""
    row = Receipt(_key(thread))
    actions = [Receipt.heard_at.set(now_ms), Receipt.expiration.set(now_ms // 1000 + KEEP_S)]
    if not updated(row, actions, Receipt.call == call, ours=same_by_whomever):
        begins(thread, call, now_ms=now_ms)


def begins(thread: str, call: str, *, now_ms: int) -> None:
    """A call is made, unless it was heard of already, be it that it is over."""
    row = Receipt(_key(thread), call=call, began_at=now_ms, heard_at=now_ms, expiration=now_ms // 1000 + KEEP_S)
    # What stands of the same call is of the same call, by whomever.
    saved(row, Receipt.call.does_not_exist() | (Receipt.call != call), ours=same_by_whomever)


def ended(thread: str, call: str, *, now_ms: int) -> None:
    """A call is over. That of an older one than the row's says nothing of the row's."""
    row = Receipt(_key(thread))
    actions = [Receipt.ended_at.set(now_ms), Receipt.expiration.set(now_ms // 1000 + KEEP_S)]
    if updated(row, actions, (Receipt.call == call) & Receipt.ended_at.does_not_exist(), ours=same_by_whomever):
        return
    fresh = Receipt(_key(thread), call=call, began_at=now_ms, heard_at=now_ms, ended_at=now_ms)
    fresh.expiration = now_ms // 1000 + KEEP_S
    saved(fresh, Receipt.call.does_not_exist(), ours=same_by_whomever)
