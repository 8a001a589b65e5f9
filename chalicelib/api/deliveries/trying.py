"""Trying at once what waits, at a person's wish: one delivery, or all lanes of a bot, desk or subscription.

The attempt is the retry that the lane waits for, made earlier: on the queue of retries, under the lane's lease, counted
as any, and with the same wait after it. An order names the attempt it is for, so that asked for twice, or met by the
retry of the schedule, all but the first are void.

One delivery, in this order: the lane's own row (its retry is due now, and an order on its way, marked by the attempt),
the order, the audit. Cut off after the row, the retry of the schedule makes the attempt at its old time; who asks again
has it ordered, as the mark is known to be of the same attempt. Cut off after the order, only the audit is silent. For
all lanes the one write is a task on `timers`: `chalicelib/lanes/returning.py` does with each what is done with one.
"""

from __future__ import annotations

from chalicelib.api.deliveries import deliveries as reading
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.setup.resources import find
from chalicelib.domain.lane import destination_of, queue_of, retry_queue_of
from chalicelib.domain.order import HELD, Order
from chalicelib.domain.tasks import LanesTry
from chalicelib.ports import ids, queues
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config, deliveries, endpoints, lanes
from chalicelib.tables.deliveries import DeliveryRow

_VERIFIED = ("bt", "dk", "sb")
"""Prefixes of those whose webhooks must be in use to be told anything."""
_ON_ITS_WAY_MS = 45_000
"""How long an order counts as on its way, unless the lane moves."""


def one(call: Call) -> Answer:
    """202 with the delivery, which is tried at once; Problem 409 `not_waiting` where it is finished, `behind_another`
    (with `head_id`) where another must go first, `held` where its webhook is not in use, `under_way` where it is being
    tried."""
    row = reading.find(call, call.id)
    lane, now = str(row.lane), now_ms()
    state = deliveries.tail(lane)
    if row.status not in deliveries.UNDONE or not state.undone:
        raise Problem(409, "not_waiting", f"it is {row.status}; what is finished can be replayed")
    head = state.undone[0]
    if head.key != row.key:
        raise Problem(409, "behind_another", f"{head.id} goes first: try that", head_id=head.id)
    _needs_use(destination_of(lane))
    if state.row is None:
        _wake(row)
    elif _is_leased(state.row, now) or not _order(state.row, now):
        raise Problem(409, "under_way", "it is being tried, or about to be", headers={"Retry-After": "5"})
    audit.note(
        config.service_of(str(row.destination)),
        at=now,
        actor=call.caller.id,
        action="delivery.tried",
        subject=row.id,
        change={"attempts": len(row.attempts)},
    )
    return Answer(202, reading.view(row))


def all_lanes(call: Call) -> Answer:
    """202 `{"count"}`: the lanes that wait for it are tried at once, ten a second; Problem 409 `held` where its webhook
    is not in use."""
    _, row = find(call)
    _needs_use(row.id)
    count = lanes.count_blocked(row.id)
    if count:
        queues.send("timers", [queues.Entry(LanesTry(endpoint=row.id).plain())])
        change: dict[str, object] = {"lanes": count}
        told = {"actor": call.caller.id, "action": "lanes.tried", "subject": row.id}
        audit.note(str(row.service), at=now_ms(), change=change, **told)
    return Answer(202, {"count": count})


def _needs_use(destination: str) -> None:
    status = endpoints.get(destination).status if destination[:2] in _VERIFIED else endpoints.ACTIVE
    if status != endpoints.ACTIVE:
        raise Problem(409, "held", f"its webhook is {status}; verify it first, which has all that waits tried")


def _is_leased(own: DeliveryRow, now: int) -> bool:
    return int(own.leased_until or 0) >= now


def _order(own: DeliveryRow, now: int) -> bool:
    """Order the attempt that a lane waits for; False where somebody else's order is on its way, or the lane moved."""
    lane, attempt = str(own.lane), int(own.attempt or 0)
    by, until = ids.from_cause("try", lane, str(own.head), attempt), now + _ON_ITS_WAY_MS
    # One that is held though its webhook is in use would be found by a sweep after the return.
    opens = "" if own.due else HELD
    called = (
        lanes.bring_forward(lane, by=by, now=now, until=until)
        if own.due
        else lanes.call(lane, by=by, held=True, now=now, until=until)
    )
    if called is None:
        return False
    order = Order(lane, head=str(called.head), attempt=int(called.attempt or 0), open=opens)
    queues.send(retry_queue_of(lane), [queues.Entry(order.plain())])
    return True


def _wake(row: DeliveryRow) -> None:
    """Nothing blocks its lane, so its first attempt is under way, or the wake-up died: one more does no harm."""
    lane = str(row.lane)
    dedup = ids.from_cause("try", row.id, len(row.attempts))
    queues.send(queue_of(lane), [queues.Entry(Order(lane).plain(), group=lane, dedup=dedup)])
