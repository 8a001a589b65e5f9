"""Goes on with a replay of many deliveries: counts them, then has them told again, some pages a run.

In this order: the next run, by the table `schedule`; that this run has begun, in one conditional write; of each page
the new deliveries, their wake-ups, and how far the replay has come, in another. Cut off after the first, the task
comes again, and of the runs that are then due one begins; after the second, the next run goes on, and after twenty that
have done nothing the replay ends as `failed`. Cut off before the new deliveries, nothing was done. After some of them,
or before the page is noted: whoever does the page again finds each replayed since the replay began, and wakes what is
there. After that: the next run goes on. Twice at once: of two who note the same page one does, and the other ends.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.replay_run import ReplayRun
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_body
from chalicelib.tables import config, replaying, replays, schedule
from chalicelib.tables.replaying import Page
from chalicelib.tables.replays import COUNTS, OVER, QUEUE, SENDS, ReplayRow

_PAGES = 5
"""Pages of one run; the next run follows with the minute. So what is told again keeps to some 500 deliveries a minute,
whatever else goes on."""
_MOST = 100
"""Deliveries told again by one page."""
_EXAMINED = 1000
"""Deliveries read for one page, whatever their status."""
_NEXT_MS = 30_000
_MOST_IDLE = 20
"""Runs in a row that note no page: what cannot be done is not tried for ever."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `replays`."""
    return each_body(event, handle, fifo=False)


def handle(body: dict[str, Any]) -> None:
    """Do a run of a replay."""
    task = ReplayRun.of(body)
    row = replays.get(task.service, task.id)
    if row is None or not row.goes_on or task.run < row.run:
        return
    following = int(row.run) + 1
    due = clock.now_ms() + _NEXT_MS
    next_run = ReplayRun(task.service, task.id, run=following).plain()
    schedule.again(id=f"replay:{row.id}", due_ms=due, queue=QUEUE, task=next_run)
    if not _begun(row, run=following):
        return
    row, pages = replays.get(task.service, task.id), 0
    while row is not None and row.goes_on and pages < _PAGES and _do_page(row):
        row, pages = replays.get(task.service, task.id), pages + 1
    log.step("replay_deliveries", replay=task.id, phase=row.state if row else "gone", pages=pages)


def _begun(row: ReplayRow, *, run: int) -> bool:
    """Whether this run is the one that goes on: a task that came twice begins one."""
    idle = int(row.idle) + 1
    if idle > _MOST_IDLE:
        replays.forward(row, run=run, phase=OVER, error="no_progress", finished_at=clock.now_ms())
        return False
    return replays.forward(row, run=run, idle=idle)


def _do_page(row: ReplayRow) -> bool:
    """Whether this run has done and noted the next page."""
    destination, now = str(row.destination), clock.now_ms()
    if config.get(config.kind_by_id(destination), destination) is None:
        return replays.forward(row, phase=OVER, error="destination_gone", finished_at=now)
    since, until = int(row.place), int(row.until)
    page = replaying.choose(destination, since, until, row.statuses, most=_MOST, examined=_EXAMINED)
    changes: dict[str, Any] = {"idle": 0}
    if page.next_ms is not None:
        changes["place"] = page.next_ms
    elif row.phase == COUNTS:
        changes |= {"phase": SENDS, "place": int(row.since)}
    else:
        changes |= {"phase": OVER, "finished_at": now}
    changes |= _counted(row, page) if row.phase == COUNTS else _sent(row, page)
    return replays.forward(row, **changes)


def _counted(row: ReplayRow, page: Page) -> dict[str, Any]:
    before = dict(row.skipped)
    skipped = {why: before.get(why, 0) + n for why, n in page.skipped.items()}
    return {"counted": int(row.counted) + len(page.chosen), "skipped": skipped}


def _sent(row: ReplayRow, page: Page) -> dict[str, Any]:
    # In their order: keys of one process sort as they were made.
    begun = int(row.created_at)
    made = [replaying.again(one, since_ms=begun - 1) for one in page.chosen]
    told = [one for one in made if one is not None]
    replaying.wake(told)
    return {"done": int(row.done) + len(told), "failed": int(row.failed) + len(made) - len(told)}
