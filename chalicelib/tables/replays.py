"""Table `replays`: how far each replay of many deliveries has come, the newest last within its service.

A replay first counts what goes and then has it told again, a page at a time; each page is noted in one conditional
write. An id sorts by the time of its making and begins with its service's, so neither needs an index.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.domain.replay_run import ReplayRun
from chalicelib.ports import ids
from chalicelib.ports.settings import settings
from chalicelib.tables import schedule
from chalicelib.tables.attributes import PlainAttribute, PlainListAttribute
from chalicelib.tables.schedule import Due
from chalicelib.tables.writes import committed, same_by_whomever, transaction, updated

QUEUE = "replays"
COUNTS, SENDS, OVER = "counts", "sends", "over"
COUNTING, RUNNING, DONE, CANCELED, FAILED = "counting", "running", "done", "canceled", "failed"
STATES = (COUNTING, RUNNING, DONE, CANCELED, FAILED)
_STATE = {COUNTS: COUNTING, SENDS: RUNNING, OVER: DONE}
KEEP_S = 90 * 86_400


class ReplayRow(Model):
    """A replay of many deliveries."""

    class Meta:
        table_name = settings().table("replays")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    service = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    destination = UnicodeAttribute()
    since = NumberAttribute()
    until = NumberAttribute()
    statuses = PlainListAttribute()
    by = PlainAttribute()
    """Who asked: `id` and `name`."""
    created_at = NumberAttribute()
    phase = UnicodeAttribute(default=COUNTS)
    place = NumberAttribute()
    """Creation of the delivery that the next page begins with, in milliseconds."""
    run = NumberAttribute(default=0)
    """How many runs have begun."""
    idle = NumberAttribute(default=0)
    """How many of the last of them have noted no page."""
    version = NumberAttribute(default=0)
    mark = UnicodeAttribute(default="")
    """Of the page that was noted last: a name of its own, so that its writer knows it."""
    counted = NumberAttribute(default=0)
    done = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)
    skipped = PlainAttribute(default=dict)
    error = UnicodeAttribute(null=True)
    canceled_at = NumberAttribute(null=True)
    finished_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    """TTL, in seconds since the epoch."""

    @property
    def state(self) -> str:
        """One of STATES."""
        return CANCELED if self.canceled_at else FAILED if self.error else _STATE[str(self.phase)]

    @property
    def goes_on(self) -> bool:
        """Whether there is more to be done."""
        return self.state in (COUNTING, RUNNING)


def begin(row: ReplayRow) -> Due:
    """Store a new replay together with the task that begins it, which is given."""
    due = schedule.row_of(
        id=f"replay:{row.id}",
        due_ms=int(row.created_at),
        queue=QUEUE,
        task=ReplayRun(str(row.service), str(row.id)).plain(),
    )
    writes = transaction()
    writes.save(row, condition=ReplayRow.id.does_not_exist())
    writes.save(due)
    if not committed(writes):
        raise RuntimeError(f"a new id is taken: {row.id}")
    return due


def new_id(service: str) -> str:
    """An id that names its service and sorts by the time of its making."""
    return f"rd_{service[3:]}{ids.new('rd')[3:]}"


def get(service: str, id: str) -> ReplayRow | None:
    """One replay, read consistently."""
    try:
        return ReplayRow.get(service, id, consistent_read=True)
    except ReplayRow.DoesNotExist:
        return None


def newest(service: str, *, before: str = "", limit: int) -> list[ReplayRow]:
    """The last replays of a service before one of them, the newest first."""
    older = ReplayRow.id < before if before else None
    return list(ReplayRow.query(service, older, limit=limit, scan_index_forward=False, consistent_read=True))


def forward(row: ReplayRow, **changes: Any) -> bool:
    """Note a page: the changes, if nobody has noted one since the row was read. A cancellation stays as it is."""
    service, id, version, mark = str(row.service), str(row.id), int(row.version), ids.token(9)
    actions = [getattr(ReplayRow, name).set(value) for name, value in changes.items()]
    actions += [ReplayRow.version.set(version + 1), ReplayRow.mark.set(mark)]

    def ours() -> bool:
        now = get(service, id)
        return now is not None and now.mark == mark

    return updated(ReplayRow(service, id), actions, ReplayRow.version == version, ours=ours)


def cancel(row: ReplayRow, *, now_ms: int) -> None:
    """End a replay that goes on; what was on its way goes on, and so does a page that is being made."""
    still = (ReplayRow.phase != OVER) & ReplayRow.canceled_at.does_not_exist()
    actions = [ReplayRow.canceled_at.set(now_ms), ReplayRow.finished_at.set(now_ms)]
    updated(ReplayRow(str(row.service), str(row.id)), actions, still, ours=same_by_whomever)
