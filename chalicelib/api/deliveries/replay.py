"""Sending deliveries again: one, or those to a bot, desk, subscription or channel within a time, in their order.

A replay is a new row in a lane of its own (`<lane>-r`), so that it neither waits for nor holds up what is new. It
goes out under the id of the first delivery. Asked for again while it is under way, it is the same replay: who got no
answer asks twice and means one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.deliveries import deliveries as reading
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import BotId, ChannelId, DeskId, SubscriptionId, Time
from chalicelib.domain.lane import queue_of, replay_of, thread_of
from chalicelib.domain.order import Order
from chalicelib.domain.thread import DESK
from chalicelib.ports import ids, queues
from chalicelib.ports.clock import from_rfc3339, now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config, deliveries, threads
from chalicelib.tables.deliveries import DeliveryRow

MOST = 200
"""Deliveries replayed by one call; `next_since` says where to go on."""
_SHOWN = 100
_EXAMINED = 2000
"""Deliveries read by one call, whatever their status."""
_TO = ("bot_id", "desk_id", "subscription_id", "channel_id")
_MINDS_PEOPLE = ("bt_", "ch_")
"""Prefixes of those that hear nothing again of a thread that a person owns: a bot has no business there, and its
customer is spoken with. Desks and who subscribes are told what they missed."""
AT_ONCE = 100
"""Conversations whose replays go out at the same time: workers of `bulk-deliveries.fifo` by lanes of each."""
_LEAST_MS, _USUAL_MS = 100, 1000
SAME_MS = 60_000
"""One delivery asked for again within this time is the same replay, also where it was delivered meanwhile."""


def _by(name: str) -> dict[str, Any]:
    others = {other: {"type": "null"} for other in _TO if other != name}
    return {"required": [name], "properties": others | {name: {"type": "string"}}}


class Replay(Fields):
    """Which deliveries are sent again: finished ones to one destination."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_by(name) for name in _TO]})

    bot_id: BotId | None = None
    desk_id: DeskId | None = None
    subscription_id: SubscriptionId | None = None
    channel_id: ChannelId | None = None
    since: Time
    until: Time | None = None
    statuses: Annotated[list[Literal["delivered", "failed", "expired", "poison"]], Field(min_length=1)] | None = None
    """Only those; without it all that are finished, delivered ones too."""
    dry_run: bool = False


def one(call: Call) -> Answer:
    """202 with the new delivery; Problem 409 where the first is still to be delivered."""
    row = reading.find(call, call.id)
    if row.status in deliveries.UNDONE:
        raise Problem(409, "not_finished", "it is still to be delivered; it need not be sent again")
    again = _again(row, same_ms=SAME_MS)
    _wake([again])
    if again.id != _last(row):
        service = config.service_of(str(row.destination))
        change: dict[str, object] = {"as": again.id}
        audit.note(
            service, at=now_ms(), actor=call.caller.id, action="delivery.replayed", subject=row.id, change=change
        )
    return Answer(202, reading.view(again))


def many(call: Call) -> Answer:
    """202 (200 where `dry_run`) `{"count", "deliveries", "skipped", "next_since", "first_at", "last_at", "seconds"}`:
    finished deliveries to a bot, desk, subscription or channel, oldest first; to a bot or channel those of threads that
    a person owns are skipped. What is skipped is counted by reason."""
    wanted = body(call, Replay)
    name, destination = _whose(wanted)
    service = call.caller.need_service(config.service_of(destination))
    if config.get(name.removesuffix("_id"), destination) is None:
        raise invalid([(f"/{name}", f"there is no {name.removesuffix('_id')} {destination}")])
    since, until = from_rfc3339(wanted.since), from_rfc3339(wanted.until) if wanted.until else now_ms()
    if until < since:
        raise invalid([("/until", "lies before since")])
    chosen, skipped, next_since = _choose(destination, since, until, wanted.statuses or deliveries.FINISHED)
    answer: dict[str, Any] = {
        "count": len(chosen),
        "skipped": skipped,
        "next_since": next_since,
        "dry_run": wanted.dry_run,
        "first_at": rfc3339(reading.created_ms(chosen[0])) if chosen else None,
        "last_at": rfc3339(reading.created_ms(chosen[-1])) if chosen else None,
        "seconds": _seconds(chosen),
    }
    if wanted.dry_run:
        return Answer(200, answer | {"deliveries": [_brief(row) for row in chosen[:_SHOWN]]})
    # In their order: keys of one process sort as they were made.
    made = [_again(row) for row in chosen]
    _wake(made)
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


def _choose(
    destination: str, since: int, until: int, statuses: Collection[str]
) -> tuple[list[DeliveryRow], dict[str, int], str | None]:
    """(what is sent again, oldest first; how many are not, by reason; where to go on)."""
    chosen: list[DeliveryRow] = []
    skipped = {"owned_by_desk": 0, "not_finished": 0, "is_replay": 0}
    owners: dict[str, str] = {}
    last = 0
    minds_people = destination.startswith(_MINDS_PEOPLE)
    for examined, row in enumerate(_between(destination, since, until)):
        at = reading.created_ms(row)
        # A page ends between two milliseconds, so that the next one, which begins with `at`, repeats nothing.
        if (len(chosen) >= MOST or examined >= _EXAMINED) and at != last:
            return chosen, skipped, rfc3339(at)
        last = at
        thread = thread_of(str(row.lane))
        if row.replay_of:
            skipped["is_replay"] += 1
        elif row.status in deliveries.UNDONE:
            skipped["not_finished"] += 1
        elif row.status not in statuses:
            continue
        elif minds_people and _owner(thread, owners) == DESK:
            skipped["owned_by_desk"] += 1
        else:
            chosen.append(row)
    return chosen, skipped, None


def _between(destination: str, since: int, until: int) -> Iterator[DeliveryRow]:
    keys = DeliveryRow.by_destination.query(destination, DeliveryRow.created.between(f"{since:013d}", f"{until:013d}~"))
    batch: list[tuple[str, str]] = []
    for key in keys:
        batch.append((str(key.lane), str(key.key)))
        if len(batch) == 100:
            yield from reading.rows_of(batch)
            batch = []
    yield from reading.rows_of(batch)


def _owner(thread_id: str, owners: dict[str, str]) -> str:
    if thread_id not in owners:
        thread = threads.get(thread_id)
        owners[thread_id] = thread.owner if thread else ""
    return owners[thread_id]


def _again(row: DeliveryRow, *, same_ms: int = 0) -> DeliveryRow:
    """A new row that repeats this one; the last one that did, while that is still to be told or younger than that."""
    lane, now = replay_of(str(row.lane)), now_ms()
    last = deliveries.get(lane, str(row.replayed_as)) if row.replayed_as else None
    if last is not None and (last.status in deliveries.UNDONE or now - reading.created_ms(last) < same_ms):
        return last
    key = deliveries.name_replay(row, ids.new("re"))
    deliveries.add(lane, key, deliveries.notice_of(row), created_at=now, replay_of=str(row.replay_of or row.id))
    made = deliveries.get(lane, key)
    if made is None:
        raise Problem(404, "not_found", "whom it is about was erased at this moment")
    return made


def _last(row: DeliveryRow) -> str:
    return deliveries.delivery_id(replay_of(str(row.lane)), str(row.replayed_as or ""))


def _wake(rows: list[DeliveryRow]) -> None:
    last = {str(row.lane): row for row in rows}
    for lane, row in last.items():
        queues.send(queue_of(lane), [queues.Entry(Order(lane).plain(), group=lane, dedup=row.id)])


def _brief(row: DeliveryRow) -> dict[str, Any]:
    whole = reading.view(row)
    return {name: whole[name] for name in ("id", "conversation_id", "message_id", "status", "created_at", "replay_of")}
