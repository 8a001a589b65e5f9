"""What waits for a bot, desk or subscription, and how its webhook fares: who has to mend it sees whom it keeps waiting.

Read from what the lanes and the webhook's row hold, a moment late, so that a page costs half of what it else would: 25
lanes are some 30 read units (the index 1, and half of one for a lane's tail and for its thread), a lane with a hundred
deliveries 12 more. `health` is 3 where all is well, at most 16: the webhook's row 1, the two indexes 5, and each of the
deliveries that failed last; the figures of a day come on top, 96 rows at most, which are 3 of a small service.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Any

from chalicelib.api.deliveries import deliveries as reading
from chalicelib.api.figures.figures import last_day
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.times import times_of_query
from chalicelib.api.setup.resources import find
from chalicelib.domain.episode import Episode
from chalicelib.domain.lane import destination_of, thread_of
from chalicelib.domain.resource_id import service_of
from chalicelib.domain.retry import DISABLE_AFTER
from chalicelib.domain.thread import Thread
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import batch_get, deliveries, endpoints, figures, history, lanes, threads
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.endpoints import Endpoint
from chalicelib.tables.threads import ThreadRow

MOST_SHOWN = 99
"""Undone deliveries of a lane that are counted; more are shown as so many."""
MOST_COUNTED = 100
"""Waiting lanes that `health` counts."""
_FAILED, _OLDEST = 10, 100
_EARLIER_MS, _MOST_EPISODES = 30 * 86_400_000, 50
"""How far back earlier failures are looked for, and how many of them."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}`: the lanes that wait for it, each with its oldest undone delivery and its thread."""
    _, row = find(call)
    limit, of = cursors.limit_of(call), f"lanes {row.id}"
    names = list(islice(lanes.blocked(row.id, after=cursors.place_of(call, of=of)), limit + 1))
    shown = names[:limit]
    tails = history.at_once([partial(deliveries.blocked_tail, lane, most=MOST_SHOWN) for lane in shown])
    # One that was opened since the index was written has no row of its own.
    waiting = [(one.row, one.undone) for one in tails if one.row is not None and one.undone]
    about = _threads([thread_of(str(own.lane)) for own, _ in waiting])
    return Answer(200, {
        "data": reading.theirs(call, [_view(own, undone, about) for own, undone in waiting]),
        "next_cursor": cursors.encode(shown[-1], of=of) if len(names) > limit else None,
    })  # fmt: skip


def health(call: Call) -> Answer:
    """Its webhook's status, failed attempts in a row and the last of them, and how many lanes wait for it."""
    _, row = find(call)
    (since_ms,) = times_of_query(call, "from")
    state = endpoints.get(row.id)
    waiting = len(list(islice(lanes.blocked(row.id), MOST_COUNTED + 1)))
    since, last = state.failing_since, _last_failed([str(one) for one in state.failed][-_FAILED:])
    earlier = figures.episodes(
        row.id, since=now_ms() - _EARLIER_MS if since_ms is None else since_ms, limit=_MOST_EPISODES
    )
    # The time of a change is that of the edit, once somebody has edited it.
    inactive = state.status == endpoints.INACTIVE and not state.edited
    return Answer(200, {
        "status": state.status,
        "edited": bool(state.edited),
        "failures": int(state.failures),
        "limit": DISABLE_AFTER,
        "failing_since": rfc3339(int(since)) if since else None,
        "inactive_since": rfc3339(int(state.changed_at)) if inactive else None,
        "waiting": {
            "lanes": min(waiting, MOST_COUNTED),
            "more": waiting > MOST_COUNTED,
            "oldest_at": _oldest_at(row.id) if waiting else None,
        },
        "last_failed": last,
        "attempts_24h": last_day(row.id),
        "episodes": _under_way(state, last) + [_episode(one) for one in earlier],
    })  # fmt: skip


def _under_way(state: Endpoint, last: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The episode that has not ended yet, where there is one."""
    if not state.failing_since:
        return []
    failed = last[0] if last else {}
    return [{
        "from": rfc3339(int(state.failing_since)),
        "to": None,
        "attempts": int(state.failures),
        "code": failed.get("error"),
        "status_code": failed.get("status_code"),
        "inactive": state.status == endpoints.INACTIVE,
    }]  # fmt: skip


def _episode(one: Episode) -> dict[str, Any]:
    return {
        "from": rfc3339(one.begun),
        "to": rfc3339(one.ended),
        "attempts": one.attempts,
        "code": one.error or None,
        "status_code": one.status_code or None,
        "inactive": one.inactive,
    }


def _threads(ids: list[str]) -> dict[str, Thread]:
    rows = batch_get.get_all([(ThreadRow, id, threads.THREAD) for id in sorted({*ids})], consistent=False)
    found = [threads.from_row(row) for row in rows]
    return {one.id: one for one in found if one is not None}


def _view(own: DeliveryRow, undone: list[DeliveryRow], about: dict[str, Thread]) -> dict[str, Any]:
    whole = reading.view(undone[0])
    thread = about.get(whole["thread_id"] or "")
    contact = thread.contact if thread else {}
    under_way = int(own.leased_until or 0) >= now_ms()
    return {
        "lane": str(own.lane),
        "state": "under_way" if under_way else "waiting" if own.due else "held",
        "delivery_id": whole["id"],
        "thread_id": whole["thread_id"],
        "conversation_id": whole["conversation_id"],
        "contact": {"id": contact["id"], "name": contact.get("name") or None} if contact.get("id") else None,
        "address": thread.address if thread else None,
        "channel_id": thread.channel if thread else None,
        "channel_kind": thread.channel_kind if thread else None,
        "owner": (thread.owner or None) if thread else None,
        "waiting": len(undone),
        "since": whole["created_at"],
        "attempts": whole["attempts"],
        "next_attempt_at": rfc3339(int(own.due)) if own.due else None,
    }


def _oldest_at(destination: str) -> str | None:
    """Since when somebody waits for it; None where a hundred others of its service have waited longer."""
    oldest = deliveries.in_trouble(service_of(destination), deliveries.WAITING, newest=False, limit=_OLDEST)
    mine = next((row for row in oldest if destination_of(str(row.lane)) == destination), None)
    return rfc3339(deliveries.created_ms(mine)) if mine is not None else None


def _last_failed(failed: list[str]) -> list[dict[str, Any]]:
    """The attempts that count against a webhook, the newest first; `failed` names the delivery of each, the oldest
    first, so the same one may be named several times."""
    named = {id: place for id in failed if (place := deliveries.parse_delivery_id(id))}
    rows = {row.id: row for row in deliveries.rows_of([*named.values()])}
    left = {id: [one for one in row.attempts if one.get("error")] for id, row in rows.items()}
    found = [_failure(rows[id], left[id].pop()) for id in reversed(failed) if left.get(id)]
    return sorted(found, key=lambda one: str(one["at"]), reverse=True)


def _failure(row: DeliveryRow, attempt: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": rfc3339(int(attempt["at"])),
        "took_ms": attempt.get("took_ms"),
        "status_code": attempt.get("status_code"),
        "error": attempt.get("error"),
        "delivery_id": row.id,
        "conversation_id": (row.notice or {}).get("conversation") or None,
    }
