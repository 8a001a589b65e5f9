"""Table `schedule`: what falls due later. `release_due` queries each slot for what is due; nothing scans.

TTL removes a row a day after it fell due, as a net only: TTL may be days late and is no timer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute


class Due(Model):
    """A task and when it falls due."""

    class Meta:
        table_name = settings().table("schedule")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    slot = UnicodeAttribute(hash_key=True)
    due_id = UnicodeAttribute(range_key=True)
    queue = UnicodeAttribute()
    task = PlainAttribute()
    expires = NumberAttribute()
    """TTL, in seconds since the epoch."""


def keep(*, id: str, due_ms: int, queue: str, task: dict[str, Any]) -> None:
    """Keep a task until it is due; the same id and time again is the same row."""
    slot = zlib.crc32(id.encode()) % settings().release_slots
    Due(
        slot=str(slot), due_id=f"{due_ms:013d}#{id}", queue=queue, task=task, expires=due_ms // 1000 + 86_400 * 30
    ).save()


def due_before(slot: int, before_ms: int) -> Iterator[Due]:
    """What falls due in a slot before a time, earliest first."""
    return iter(Due.query(str(slot), Due.due_id < f"{before_ms:013d}", consistent_read=True))
