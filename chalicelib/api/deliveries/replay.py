"""Sending deliveries again: one, or those to a bot, desk, subscription or channel within a time, in their order.

Asked for again while it is under way, a replay of one is the same: who got no answer asks twice and means one. How a
delivery is told again: `chalicelib/tables/replaying.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.deliveries import deliveries as reading
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import BotId, ChannelId, DeskId, SubscriptionId, Time
from chalicelib.domain.lane import replay_of, thread_of
from chalicelib.ports.clock import now_ms, rfc3339, time_of_rows
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, batch_get, config, deliveries, replaying, threads
from chalicelib.tables.deliveries import DeliveryRow

MOST = 200
"""Deliveries replayed by one call; `next_since` says where to go on."""
_SHOWN = 100
_EXAMINED = 2000
"""Deliveries read by one call, whatever their status."""
_TO = ("bot_id", "desk_id", "subscription_id", "channel_id")
_NAMED = 10
"""People whom a dry run names."""
AT_ONCE = 100
"""Conversations whose replays go out at the same time: workers of `bulk-deliveries.fifo` by lanes of each."""
_LEAST_MS, _USUAL_MS = 100, 1000
SAME_MS = 60_000
"""One delivery asked for again within this time is the same replay, also where it was delivered meanwhile."""


def _by(name: str) -> dict[str, Any]:
    others = {other: {"type": "null"} for other in _TO if other != name}
    return {"required": [name], "properties": others | {name: {"type": "string"}}}


Finished = Literal["delivered", "failed", "expired", "poison", "unknown"]


class Replay(Fields):
    """Which deliveries are sent again: finished ones to one destination."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_by(name) for name in _TO]})

    bot_id: BotId | None = None
    desk_id: DeskId | None = None
    subscription_id: SubscriptionId | None = None
    channel_id: ChannelId | None = None
    since: Time
    until: Time | None = None
    statuses: Annotated[list[Finished], Field(min_length=1)] | None = None
    """Only those; without it all that are finished, delivered ones too."""
    dry_run: bool = False


def one(call: Call) -> Answer:
    """202 with the new delivery; Problem 409 where the first is still to be delivered."""
    row = reading.find(call, call.id)
    if row.status in deliveries.UNDONE:
        raise Problem(409, "not_finished", "it is still to be delivered; it need not be sent again")
    again = replaying.again(row, since_ms=now_ms() - SAME_MS)
    if again is None:
        raise Problem(404, "not_found", "whom it is about was erased at this moment")
    replaying.wake([again])
    if again.id != _last(row):
        service = config.service_of(str(row.destination))
        change: dict[str, object] = {"as": again.id}
        audit.note(
            service, at=now_ms(), actor=call.caller.id, action="delivery.replayed", subject=row.id, change=change
        )
    return Answer(202, reading.view(again))


def many(call: Call) -> Answer:
    """202 (200 where `dry_run`) `{"count", "deliveries", "skipped", "next_since", "first_at", "last_at", "seconds",
    "conversations", "people"}`:
    finished deliveries to a bot, desk, subscription or channel, oldest first; to a bot or channel those of threads that
    a person owns are skipped. What is skipped is counted by reason."""
    wanted = body(call, Replay)
    name, destination = _whose(wanted)
    service = call.caller.need_service(config.service_of(destination))
    if config.get(name.removesuffix("_id"), destination) is None:
        raise invalid([(f"/{name}", f"there is no {name.removesuffix('_id')} {destination}")])
    since, until = time_of_rows(wanted.since), time_of_rows(wanted.until) if wanted.until else now_ms()
    if until < since:
        raise invalid([("/until", "lies before since")])
    statuses = wanted.statuses or deliveries.FINISHED
    page = replaying.choose(destination, since, until, statuses, most=MOST, examined=_EXAMINED)
    chosen, skipped = page.chosen, page.skipped
    answer: dict[str, Any] = {
        "count": len(chosen),
        "skipped": skipped,
        "next_since": rfc3339(page.next_ms) if page.next_ms is not None else None,
        "dry_run": wanted.dry_run,
        "first_at": rfc3339(deliveries.created_ms(chosen[0])) if chosen else None,
        "last_at": rfc3339(deliveries.created_ms(chosen[-1])) if chosen else None,
        "seconds": _seconds(chosen),
        "conversations": len({thread_of(str(row.lane)) for row in chosen}),
        "people": _people(chosen) if wanted.dry_run else [],
    }
    if wanted.dry_run:
        return Answer(200, answer | {"deliveries": [_brief(row) for row in chosen[:_SHOWN]]})
    # In their order: keys of one process sort as they were made.
    again = [replaying.again(row, since_ms=now_ms()) for row in chosen]
    made = [row for row in again if row is not None]
    replaying.wake(made)
    told: dict[str, object] = {"count": len(made), "since": wanted.since, "until": wanted.until}
    if wanted.statuses:
        told["statuses"] = list(wanted.statuses)
    audit.note(
        service, at=now_ms(), actor=call.caller.id, action="deliveries.replayed", subject=destination, change=told
    )
    return Answer(202, answer | {"deliveries": [_brief(row) for row in made[:_SHOWN]]})


def _whose(wanted: Replay) -> tuple[str, str]:
    """(name of the member, id) of the one destination."""
    given = [(name, id) for name in _TO if (id := getattr(wanted, name))]
    if len(given) != 1:
        raise invalid([("", f"needs one of {', '.join(_TO[:-1])} and {_TO[-1]}")])
    return given[0]


def _seconds(rows: list[DeliveryRow]) -> int:
    """How long it takes to send these again: a conversation's one after the other, many conversations at once, each as
    long as what went well of them took."""
    took = [int(one.get("took_ms") or 0) for row in rows for one in row.attempts or () if not one.get("error")]
    each_ms = max(_LEAST_MS, sum(took) // len(took)) if took else _USUAL_MS
    lanes = Counter(str(row.lane) for row in rows)
    in_a_row = max(max(lanes.values(), default=0), -(-len(rows) // AT_ONCE))
    return -(-in_a_row * each_ms // 1000)


def _people(rows: list[DeliveryRow]) -> list[dict[str, Any]]:
    """Whom the first of these are about, each once: what their threads know of them."""
    ids = list(dict.fromkeys(thread_of(str(row.lane)) for row in rows))[:_NAMED]
    kept = batch_get.get_all([(threads.ThreadRow, id, threads.THREAD) for id in ids])
    found = [threads.from_row(row) for row in kept]
    people = [thread.contact | {"address": thread.address, "kind": thread.channel_kind} for thread in found if thread]
    names = ("id", "name", "address")
    return [{name: one.get(name) or None for name in names} | {"channel_kind": one["kind"]} for one in people]


def _last(row: DeliveryRow) -> str:
    return deliveries.delivery_id(replay_of(str(row.lane)), str(row.replayed_as or ""))


def _brief(row: DeliveryRow) -> dict[str, Any]:
    whole = reading.view(row)
    return {name: whole[name] for name in ("id", "conversation_id", "message_id", "status", "created_at", "replay_of")}
