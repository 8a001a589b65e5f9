"""Replays of many deliveries as work that goes on by itself: begun, looked at, canceled.

Beginning one writes it and the task that begins it together, then hands that task over. Cut off between, `release_due`
does within the minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.deliveries.replay import Finished
from chalicelib.api.http import across, cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import REPLAY, ServiceId, Time, named
from chalicelib.api.http.services import service_of_query
from chalicelib.ports.clock import now_ms, rfc3339, time_of_rows
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config, deliveries, replays, schedule
from chalicelib.tables.replays import ReplayRow

_USUAL = [deliveries.FAILED, deliveries.EXPIRED, deliveries.POISON]
_RUNNING = 20
"""The last replays of a service, of which one to the same destination may still go on."""
State = Literal["counting", "running", "done", "canceled", "failed"]


class NewReplay(Fields):
    """Which deliveries are sent again: finished ones to one destination, of a time."""

    model_config = Fields.model_config | {"alias_generator": lambda name: name.rstrip("_")}

    destination_id: Annotated[str, Field(pattern="^(bt|dk|sb|ch)_[a-z2-7]{26}$"), named("destination-id")]
    service_id: ServiceId | None = None
    """Of the destination, where it is said."""
    from_: Time
    to: Time | None = None
    """None, or later than now: now."""
    statuses: Annotated[list[Finished], Field(min_length=1)] | None = None
    """None: all but `delivered` and `unknown`, which the other side may have."""


class Starter(BaseModel):
    """Who began it."""

    id: str
    name: str | None


class ReplayJob(BaseModel):
    """A replay, and how far it has come."""

    id: str
    service_id: str
    destination_id: str
    state: State
    statuses: list[str]
    from_: Annotated[str, Field(alias="from")]
    to: str
    counted: int
    """How many go, as far as it has counted."""
    done: int
    """How many were put on their way again."""
    failed: int
    """How many could not be, as they were erased meanwhile."""
    skipped: dict[str, int]
    error: str | None
    """`destination_gone` where who was to be told was removed meanwhile, `no_progress` where it cannot go on."""
    created_by: Starter
    created_at: str
    finished_at: str | None


def create(call: Call) -> Answer:
    """202 with the replay, which counts what goes and then has it sent again, some 500 deliveries a minute. Problem 409
    `already_running`, with its `replay_id`, while another to the same destination goes on."""
    wanted = body(call, NewReplay)
    destination = wanted.destination_id
    service = call.caller.need_service(config.service_of(destination))
    if wanted.service_id not in (None, service):
        raise invalid([("/service_id", "is not that of the destination")])
    kind = config.kind_by_id(destination)
    if config.get(kind, destination) is None:
        raise invalid([("/destination_id", f"there is no {kind} {destination}")])
    now = now_ms()
    since = time_of_rows(wanted.from_)
    until = min(now, time_of_rows(wanted.to)) if wanted.to else now
    if until < since:
        raise invalid([("/to", "lies before from")])
    others = replays.newest(service, limit=_RUNNING)
    if running := next((row for row in others if row.goes_on and row.destination == destination), None):
        raise Problem(409, "already_running", "another replay to it goes on: wait or cancel it", replay_id=running.id)
    row = ReplayRow(
        service=service,
        id=replays.new_id(service),
        destination=destination,
        since=since,
        until=until,
        statuses=list(dict.fromkeys(wanted.statuses or _USUAL)),
        by=dict(call.caller.who),
        created_at=now,
        place=since,
        expires=now // 1000 + replays.KEEP_S,
    )
    due = replays.begin(row)
    told: dict[str, object] = {"from": rfc3339(since), "to": rfc3339(until), "statuses": list(row.statuses)}
    _note(call, row, "begun", told)
    schedule.soon(due, now_ms=now)
    return Answer(202, view(row))


def listing(call: Call) -> Answer:
    """The replays of a service, or to one destination, the newest first; without either service by service."""
    destination, limit = call.query.get("destination_id", ""), cursors.limit_of(call)
    service = call.caller.need_service(config.service_of(destination)) if destination else service_of_query(call)
    of = f"replays {service} {destination}"
    if not service:
        return Answer(200, across.page(call, limit=limit, of=of, rows=_before, place=_place, show=_views))
    rows = _before(service, limit + 1, cursors.place_of(call, of=of))
    shown = rows[:limit]
    data = _views(row for row in shown if destination in ("", row.destination))
    following = cursors.encode(_place(shown[-1]), of=of) if len(rows) > limit else None
    return Answer(200, {"data": data, "next_cursor": following})


def _before(service: str, most: int, place: str) -> list[ReplayRow]:
    return replays.newest(service, before=place, limit=most)


def _place(row: ReplayRow) -> str:
    return str(row.id)


def _views(rows: Iterable[ReplayRow]) -> list[dict[str, Any]]:
    return [view(row) for row in rows]


def one(call: Call) -> Answer:
    """The replay."""
    return Answer(200, view(_find(call)))


def cancel(call: Call) -> Answer:
    """The replay, which ends where it is; what was put on its way goes on. Done twice, or where it has ended, it
    changes nothing."""
    row = _find(call)
    if row.goes_on:
        replays.cancel(row, now_ms=now_ms())
        _note(call, row, "canceled", {"done": int(row.done)})
    return Answer(200, view(_find(call)))


def view(row: ReplayRow) -> dict[str, Any]:
    """As it is answered."""
    return {
        "id": str(row.id),
        "service_id": str(row.service),
        "destination_id": str(row.destination),
        "state": row.state,
        "statuses": list(row.statuses),
        "from": rfc3339(int(row.since)),
        "to": rfc3339(int(row.until)),
        "counted": int(row.counted),
        "done": int(row.done),
        "failed": int(row.failed),
        "skipped": dict(row.skipped),
        "error": row.error,
        "created_by": {"id": row.by["id"], "name": row.by.get("name") or None},
        "created_at": rfc3339(int(row.created_at)),
        "finished_at": rfc3339(int(row.finished_at)) if row.finished_at else None,
    }


def _find(call: Call) -> ReplayRow:
    if not REPLAY.fits(call.id):
        raise _no(call.id)
    row = replays.get(call.caller.need_service(f"sv_{call.id[3:13]}"), call.id)
    if row is None:
        raise _no(call.id)
    return row


def _no(id: str) -> Problem:
    return Problem(404, "not_found", f"there is no replay {id[:60]!r}")


def _note(call: Call, row: ReplayRow, verb: str, change: dict[str, object]) -> None:
    told = {"replay_id": str(row.id)} | change
    audit.note(
        str(row.service),
        at=now_ms(),
        actor=call.caller.id,
        action=f"replay.{verb}",
        subject=str(row.destination),
        change=told,
    )
