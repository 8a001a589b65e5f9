"""Puts what falls due soon on its queue, to the second; runs each minute and looks a little further than that."""

from __future__ import annotations

from typing import Any

from chalicelib.ports import clock, log
from chalicelib.ports.settings import settings
from chalicelib.tables import schedule


def run(event: dict[str, Any], context: Any) -> Any:
    """Release every slot's due tasks."""
    now, released, late = clock.now_ms(), 0, 0
    for slot in range(settings().release_slots):
        for row in schedule.due_before(slot, now + schedule.AHEAD_MS):
            late = max(late, now - int(str(row.due_id)[:13]))
            schedule.hand_over(row, now_ms=now)
            released += 1
    log.step("release_due", metrics=("late_ms",), released=released, late_ms=late)
    return {"released": released}
