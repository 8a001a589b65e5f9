"""What our own code could not do, and doing it again."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.formats import FAILURE
from chalicelib.domain.event import again
from chalicelib.ports import ids, queues
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config
from chalicelib.tables.failures import ALL, Failure


def listing(call: Call) -> Answer:
    """Failures of the whole deployment, in the order of their ids; only for keys that see all services."""
    _whole(call)
    limit, of = cursors.limit_of(call), "failures"
    place = cursors.place_of(call, of=of)

    def rows(most: int) -> Any:
        return Failure.query(ALL, Failure.id < place if place else None, scan_index_forward=False, limit=most)

    return Answer(200, cursors.page(rows, limit=limit, of=of, place=lambda row: str(row.id), show=_view))


def one(call: Call) -> Answer:
    """The failure."""
    _whole(call)
    return Answer(200, _view(_find(call.id)))


def replay(call: Call) -> Answer:
    """202: the event is on its queue again."""
    _whole(call)
    row = _find(call.id)
    if "unreadable" in (row.body or {}):
        raise Problem(409, "unreadable", "what was on the queue was no event; there is nothing to do again")
    if row.replayed_at:
        # If it could not be done then either, that is a failure of its own in the list.
        raise Problem(409, "already_replayed", "it was put on its queue before")
    queues.send(
        str(row.queue), [queues.Entry(again(dict(row.body)), group=str(row.group or ""), dedup=ids.new(row.id))]
    )
    now = now_ms()
    row.update(actions=[Failure.replayed_at.set(now)])
    audit.note(
        config.SYSTEM,
        at=now,
        actor=call.caller.id,
        action="failure.replayed",
        subject=row.id,
        change={"queue": row.queue},
    )
    return Answer(202, _view(row))


def _find(failure: str) -> Failure:
    try:
        row = Failure.get(ALL, failure, consistent_read=True) if FAILURE.fits(failure) else None
    except Failure.DoesNotExist:
        row = None
    if row is None:
        raise Problem(404, "not_found", f"there is no failure {failure[:60]!r}")
    return row


def _whole(call: Call) -> None:
    if call.caller.service:
        raise Problem(403, "other_service", "failures are the whole deployment's, and this key is limited to a service")


def _view(row: Failure) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "step": row.step,
        "queue": row.queue,
        "at": rfc3339(int(row.at)),
        "replayed_at": rfc3339(int(row.replayed_at)) if row.replayed_at else None,
        "thread_id": (row.body or {}).get("thread"),
        "lane": (row.body or {}).get("lane"),
    }
