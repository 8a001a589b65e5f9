"""Reading deliveries: by where they go, or by the conversation or message that they are about."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from chalicelib.api.conversations import conversations, desks_threads
from chalicelib.api.http import cursors, formats
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.formats import RESOURCES
from chalicelib.api.http.queries import DESTINATIONS, WHOSE
from chalicelib.domain.lane import lane_of, lane_of_route, replay_of, thread_of
from chalicelib.domain.thread import TRIGGER, Thread, thread_of_message
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, deliveries, history, messages, threads
from chalicelib.tables.deliveries import DeliveryRow

_OF_NO_THREAD = ("contact.", "endpoint.")
"""Platform events whose lanes begin with the id of something else."""
_EXAMINED = 500
"""Rows read at most for one page; a page may be short of its limit and still have a next one."""
_TABLE_BATCH = 100
_OUTCOMES = 50
"""Messages of a trigger's thread whose outcomes are looked for: each is told in a lane of its own, a query each."""


def listing(call: Call) -> Answer:
    """Deliveries, the newest first, by one of `?bot_id=`, `?desk_id=`, `?subscription_id=`, `?channel_id=`,
    `?conversation_id=` or `?message_id=`, and `?status=`; of `?service_id=` those in trouble: the first of each lane
    that waits, and what was given up and not replayed."""
    asked = [name for name in WHOSE if call.query.get(name)]
    status = call.query.get("status")
    if len(asked) != 1:
        raise invalid([("", f"needs one of {', '.join(WHOSE[:-1])} or {WHOSE[-1]}")])
    if asked[0] == "service_id":
        page = _in_trouble(call, call.query["service_id"], status)
    elif asked[0] in DESTINATIONS:
        page = _by_destination(call, asked[0], call.query[asked[0]], status)
    else:
        page = _by_lanes(call, status)
    return Answer(200, page | {"data": theirs(call, page["data"])})


def theirs(call: Call, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of some rows with a `thread_id` that the caller sees."""
    mine = desks_threads.theirs(call.caller, (one["thread_id"] for one in shown if one["thread_id"]))
    return [one for one in shown if call.caller.desks is None or one["thread_id"] in mine]


def one(call: Call) -> Answer:
    """The delivery."""
    return Answer(200, view(find(call, call.id)))


def find(call: Call, delivery: str) -> DeliveryRow:
    """A delivery by id; Problem 404 where there is none, 403 where the key may not see it."""
    named = deliveries.parse_delivery_id(delivery)
    if named is None or not formats.DELIVERY.fits(delivery):
        raise Problem(404, "not_found", f"there is no delivery {delivery[:60]!r}")
    call.caller.need_service(config.service_of(destination_of(named[0])))
    row = deliveries.get(*named)
    if row is None:
        raise Problem(404, "not_found", f"there is no delivery {delivery!r}")
    desks_threads.need(call.caller, thread_of(named[0]))
    return row


def destination_of(lane: str) -> str:
    """The bot, desk, subscription or channel of a lane."""
    return lane.split("-")[1]


def view(row: DeliveryRow) -> dict[str, Any]:
    """As it is answered."""
    notice = dict(row.notice or {})
    destination = str(row.destination)
    named = {prefix: name for name, prefix in DESTINATIONS.items()}[destination[:2]]
    event = str(notice.get("event") or "")
    return {
        "id": row.id,
        "lane": str(row.lane),
        "status": row.status,
        "destination_id": destination,
        named: destination,
        "kind": notice.get("kind"),
        "event": event or None,
        "thread_id": None if event.startswith(_OF_NO_THREAD) else thread_of(str(row.lane)),
        "conversation_id": notice.get("conversation") or None,
        "message_id": notice.get("message") or None,
        "created_at": rfc3339(deliveries.created_ms(row)),
        "attempts": [_attempt(one) for one in row.attempts or ()],
        "next_attempt_at": rfc3339(int(row.next_attempt_at)) if row.next_attempt_at else None,
        "replay_of": row.replay_of,
    }


def _attempt(one: dict[str, Any]) -> dict[str, Any]:
    empty = {"n": None, "at": None, "took_ms": None, "status_code": None, "error": None, "response_head": None}
    return empty | one | {"at": rfc3339(int(one["at"]))}


def _by_destination(call: Call, name: str, destination: str, status: str | None) -> dict[str, Any]:
    if not re.fullmatch(rf"{DESTINATIONS[name]}_[a-z2-7]{{26}}", destination):
        raise Problem(404, "not_found", f"there is no such {name.removesuffix('_id')}: {destination[:60]!r}")
    call.caller.need_service(config.service_of(destination))
    limit, of = cursors.limit_of(call), f"deliveries {destination} {status}"
    place, examined = cursors.place_of(call, of=of), 0
    found: list[DeliveryRow] = []
    while True:
        before = DeliveryRow.created < place if place else None
        keys = list(DeliveryRow.by_destination.query(destination, before, scan_index_forward=False, limit=_TABLE_BATCH))
        for row in deliveries.rows_of([(str(key.lane), str(key.key)) for key in keys]):
            # `created` may be equal for two rows of one millisecond only where their keys end alike: then both follow.
            if status is None or row.status == status:
                found.append(row)
            if len(found) > limit:
                break
            place = str(row.created)
        examined += len(keys)
        if len(found) > limit:
            return {
                "data": [view(row) for row in found[:limit]],
                "next_cursor": cursors.encode(str(found[limit - 1].created), of=of),
            }
        if len(keys) < _TABLE_BATCH:
            return {"data": [view(row) for row in found], "next_cursor": None}
        if examined >= _EXAMINED:
            return {"data": [view(row) for row in found], "next_cursor": cursors.encode(place, of=of)}


def _in_trouble(call: Call, service: str, status: str | None) -> dict[str, Any]:
    if status and status not in deliveries.TROUBLE:
        *others, last = deliveries.TROUBLE
        raise invalid([("/status", f"of a service is one of {', '.join(others)} and {last}")])
    if not RESOURCES["service"].fits(service):
        raise Problem(404, "not_found", f"there is no service {service[:60]!r}")
    call.caller.need_service(service)
    limit, of = cursors.limit_of(call), f"deliveries {service} {status}"
    place = cursors.place_of(call, of=of)
    asked = [status] if status else deliveries.TROUBLE
    calls = [partial(deliveries.in_trouble, service, one, before=place, limit=limit + 1) for one in asked]
    places = sorted(
        (row for rows in history.at_once(calls) for row in rows), key=lambda row: str(row.created), reverse=True
    )
    rows = deliveries.rows_of([(str(row.lane), str(row.head or row.key)) for row in places[:limit]])
    return {
        "data": [view(row) for row in rows],
        "next_cursor": cursors.encode(str(places[limit - 1].created), of=of) if len(places) > limit else None,
    }


def _by_lanes(call: Call, status: str | None) -> dict[str, Any]:
    thread_id, only = _about(call)
    limit, of = cursors.limit_of(call), f"deliveries {thread_id} {sorted(only.items())} {status}"
    place = cursors.place_of(call, of=of)
    found: list[DeliveryRow] = []
    for rows in history.at_once([partial(deliveries.newest, lane, limit=_EXAMINED) for lane in lanes_of(thread_id)]):
        found += [row for row in rows if _is_about(row, only, status) and (not place or _place(row) < place)]
    found.sort(key=_place, reverse=True)
    shown = found[:limit]
    more = cursors.encode(_place(shown[-1]), of=of) if len(found) > limit else None
    return {"data": [view(row) for row in shown], "next_cursor": more}


def lanes_of(thread_id: str) -> list[str]:
    """The lanes of a thread: of its channel, of whoever had a conversation on it, and of who hears of it."""
    thread = threads.get(thread_id)
    if thread is None:
        return []
    parties = {one.party for one in conversations.conversations_of(thread_id)} | set(thread.bots) | {thread.channel}
    hearing = [one.id for one in config.of_kind(thread.service, "subscription")]
    lanes = [lane_of(thread_id, party, channel=thread.channel) for party in sorted(parties) if party]
    if thread.notified_at:
        lanes += [lane_of(thread_id, party, bulk=True) for party in (*sorted(parties), *hearing) if party]
    for one in hearing:
        lanes += [lane_of(thread_id, one, channel=thread.channel, conversations=own) for own in (False, True)]
    lanes += _outcomes(thread)
    return [*lanes, *map(replay_of, lanes)]


def _outcomes(thread: Thread) -> list[str]:
    """Of a trigger's thread: the lanes in which its `notify_url` was told what became of the last events."""
    if thread.channel_kind != TRIGGER:
        return []
    said = messages.last(thread.id, limit=_OUTCOMES)
    told = [(one, route) for one in said for route in one.routes if route.notify]
    return [lane_of_route(one, route) for one, route in told]


def _about(call: Call) -> tuple[str, dict[str, str]]:
    """(thread, what the notice must name)."""
    if message := call.query.get("message_id"):
        thread_id = thread_of_message(message)
        thread = threads.get(thread_id) if thread_id else None
        if thread is None:
            raise Problem(404, "not_found", f"there is no message {message[:60]!r}")
        call.caller.need_service(thread.service)
        desks_threads.need(call.caller, thread.id)
        return thread.id, {"message": message}
    found = conversations.find(call, call.query["conversation_id"])
    return found.thread, {"conversation": found.id}


def _is_about(row: DeliveryRow, only: dict[str, str], status: str | None) -> bool:
    notice = row.notice or {}
    return (status is None or row.status == status) and all(notice.get(name) == value for name, value in only.items())


def _place(row: DeliveryRow) -> str:
    return f"{row.created}/{row.id}"
