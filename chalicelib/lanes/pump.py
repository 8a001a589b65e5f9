"""One delivery of a lane: tried, and what follows from success, failure and giving up.

Writes after a failed attempt: the endpoint's count, the schedule (of the retry and of the customer's patience), the
lane's row, the delivery's. Cut off before the lane's row stands, the wake-up is redelivered and the attempt made
again; cut off after, the schedule has it: what is written behind that row is never written again. Of a delivery whose
attempts are marked before they begin (`lanes.providers`) its own row is the first: cut off after it, another attempt is
made sooner than it would be.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from chalicelib.announcing.tell import tell_given_up
from chalicelib.domain import retry
from chalicelib.domain.exchange import Call
from chalicelib.domain.lane import queue_of
from chalicelib.domain.notice import KINDS, Notice
from chalicelib.domain.order import ALL, Order
from chalicelib.domain.tasks import BotFailing
from chalicelib.lanes.transport import Delivered, Outcome, Refused, Target, Transport, TryLater, Turn
from chalicelib.ports import clock, ids, kept_http, log, queues, redelivery
from chalicelib.ports.lambdas import again
from chalicelib.ports.queues import Entry
from chalicelib.tables import attempts, deliveries, endpoints, lanes, schedule
from chalicelib.tables.deliveries import DELIVERED, EXPIRED, FAILED, POISON, UNKNOWN, WAITING, DeliveryRow
from chalicelib.tables.writes import committed, transaction

Work = Callable[[Call, Order], Awaitable[None]]


class WebhookBusy(Exception):
    """Others write the webhook's row right now; the queue brings the lane again."""


def each_lane(event: dict[str, Any], work: Work, *, step: str) -> Any:
    """Run `work` for all lanes of a batch at the same time; records of lanes that failed are redelivered soon."""
    by_lane: dict[str, list[tuple[dict[str, Any], Order]]] = {}
    failed: list[dict[str, Any]] = []
    for record in event["Records"]:
        try:
            order = Order.of(queues.body_of(record))
            by_lane.setdefault(order.lane, []).append((record, order))
        except Exception:
            log.crash(step)
            failed.append(record)
    unfinished = kept_http.run(lambda call: _together(by_lane, work, step, call))
    failed += [record for lane in unfinished for record, _ in by_lane[lane]]
    return again([(record, redelivery.wait_s(redelivery.receives(record))) for record in failed])


async def _together(
    by_lane: dict[str, list[tuple[dict[str, Any], Order]]], work: Work, step: str, call: Call
) -> Iterable[str]:
    failed: list[str] = []

    async def one_lane(lane: str, orders: list[Order]) -> None:
        try:
            # One run serves all wake-ups of a lane, except that an order to open it must not be lost.
            for order in orders if orders[0].head else sorted(orders, key=lambda order: order.open != ALL)[:1]:
                await work(call, order)
        except Exception:
            log.crash(step, lane=lane)
            failed.append(lane)

    await asyncio.gather(*(one_lane(lane, [order for _, order in records]) for lane, records in by_lane.items()))
    return failed


def wake(lane: str, *, dead: int = 0) -> None:
    """Have the pump look at a lane, `dead` of whose wake-ups died."""
    queues.send(queue_of(lane), [Entry(Order(lane, dead=dead).plain(), group=lane, dedup=ids.new(lane))])


async def try_one(
    transport: Transport, call: Call, row: DeliveryRow, target: Target | None, *, step: str, failures: int
) -> bool:
    """Try one delivery at its destination as it was just read; True where it is finished, one way or the other, False
    where the lane is blocked by it."""
    notice, now = deliveries.notice_of(row), clock.now_ms()
    if notice.kind not in KINDS:
        # Of a newer version, before a rollback: what cannot be told is seen, and told by a replay when it can be.
        return _give_up(transport, row, notice, Refused(error="unknown_kind"), FAILED, attempt=None)
    if target is None:
        return _give_up(transport, row, notice, Refused(error="destination_gone"), FAILED, attempt=None)
    if target.max_age_s and now - int(row.created[:13]) > target.max_age_s * 1000:
        return _give_up(transport, row, notice, Refused(error="expired"), EXPIRED, attempt=None)
    if not target.usable:
        return _hold(transport, row, notice)
    if turn := await transport.turn(row, notice, target):
        return _put_off(transport, row, notice, turn, failures=failures)
    outcome = await transport.attempt(call, row, notice, target)
    _say(step, row, notice, outcome)
    attempt, last = _attempt(row, outcome, at=now), None
    if isinstance(outcome, Delivered):
        transport.delivered(row, notice, outcome)
        attempts.record(row, DELIVERED, attempt)
        if target.failures:
            endpoints.recovered(notice.destination)
        return True
    if isinstance(outcome, Refused):
        return _give_up(transport, row, notice, outcome, UNKNOWN if outcome.unknown else FAILED, attempt=attempt)
    if target.failures is not None:
        endpoint = endpoints.count_failure(notice.destination, row.id, at=now)
        count, since = int(endpoint.failures), int(endpoint.failing_since or now)
        if count in retry.WARN_AT:
            log.trouble("endpoint.failing", destination=notice.destination, failures=count)
        if retry.poisoned(endpoint.failed):
            if await transport.probe(call, notice, target):
                return _give_up(transport, row, notice, outcome, POISON, attempt=attempt)
            # It is the webhook that is down, and soon counts as such: the message waits for that rather than be lost.
            last = since + target.inactive_after_s * 1000
        if retry.is_down(count, first_at=since, now=now, after_s=target.inactive_after_s):
            endpoints.disable(notice.destination, at=clock.now_ms())
            log.trouble("endpoint.disabled", destination=notice.destination, error=outcome.error)
            attempts.record(row, WAITING, attempt, context=outcome.context)
            return _hold(transport, row, notice)
    return _wait(transport, row, notice, target, outcome, attempt, failures=failures + 1, last=last)


def _put_off(transport: Transport, row: DeliveryRow, notice: Notice, turn: Turn, *, failures: int) -> bool:
    """Keep the lane until its turn comes. Cut off after the first write, its place is kept; then as of a retry."""
    due, now = turn.at, clock.now_ms()
    attempts.put_off(row, turn.place, until=due)
    task = Order(str(row.lane), head=str(row.key), attempt=failures).plain()
    schedule.watch(str(row.lane), head=str(row.key), attempt=failures, after_ms=due)
    schedule.later(id=f"place:{row.id}:{failures}", due_ms=due, now_ms=now, queue=transport.retry_queue, task=task)
    lanes.block(
        str(row.lane),
        head=str(row.key),
        created=str(row.created),
        attempt=failures,
        due=due,
        blocked_by=notice.destination,
        trouble=failures > 0,
    )
    return False


def _wait(
    transport: Transport,
    row: DeliveryRow,
    notice: Notice,
    target: Target,
    outcome: TryLater,
    attempt: dict[str, Any],
    *,
    failures: int,
    last: int | None,
) -> bool:
    """Keep the lane until the next attempt is due; `last` is the time of one where none is left by the waits."""
    now = clock.now_ms()
    first_at = row.attempts[-failures + 1]["at"] if failures > 1 and len(row.attempts) >= failures - 1 else now
    due = retry.due(
        failures=failures,
        waits_s=target.waits_s,
        first_at=first_at,
        now=now,
        jitter=random.random(),  # noqa: S311 - not a secret
        retry_after_s=outcome.retry_after_s,
    )
    due = last if due is None else due
    if due is None:
        return _give_up(transport, row, notice, outcome, FAILED, attempt=attempt)
    task = Order(str(row.lane), head=str(row.key), attempt=failures).plain()
    more: dict[str, Any] = {"next_attempt_at": due, "context": outcome.context, "done": outcome.done}
    if row.begun:
        # Of what must not come twice it is known at once that the other side did not take it.
        attempts.record(row, WAITING, attempt, **more)
    schedule.watch(str(row.lane), head=str(row.key), attempt=failures, after_ms=due)
    schedule.later(id=f"retry:{row.id}:{failures}", due_ms=due, now_ms=now, queue=transport.retry_queue, task=task)
    _mind_the_customer(row, notice)
    lanes.block(row.lane, head=row.key, created=row.created, attempt=failures, due=due, blocked_by=notice.destination)
    if not row.begun:
        attempts.record(row, WAITING, attempt, **more)
    return False


def _hold(transport: Transport, row: DeliveryRow, notice: Notice) -> bool:
    """Keep the lane until its destination is back."""
    _mind_the_customer(row, notice)
    lanes.block(row.lane, head=row.key, created=row.created, blocked_by=notice.destination)
    # It may have come back between our reading its state and our row: then nobody else opens the lane.
    target = transport.target(notice.destination)
    if target is not None and target.usable:
        lanes.unblock(row.lane)
        wake(row.lane)
    return False


def _mind_the_customer(row: DeliveryRow, notice: Notice) -> None:
    """Have somebody look after the bot's patience whether the customer still waits for this delivery."""
    if notice.patience_s and notice.desk:
        task = BotFailing(
            lane=str(row.lane),
            key=str(row.key),
            attempts=len(row.attempts),
            bot=notice.destination,
            service=notice.service,
            channel=notice.channel,
            channel_kind=notice.channel_kind,
            address=notice.address,
            thread=notice.thread,
        )
        now = clock.now_ms()
        due = max(now, notice.at + notice.patience_s * 1000)
        schedule.later(id=f"patience:{row.id}", due_ms=due, now_ms=now, queue="timers", task=task.plain())


def _give_up(
    transport: Transport,
    row: DeliveryRow,
    notice: Notice,
    outcome: TryLater | Refused,
    status: str,
    *,
    attempt: dict[str, Any] | None,
) -> bool:
    transport.given_up(row, notice, outcome)
    made = len(row.attempts) + (1 if attempt else 0)
    tell_given_up(row.id, notice, error=outcome.error, status=status, attempts=made)
    if status == POISON:
        _set_aside(row, notice.destination, attempt)
    else:
        attempts.record(row, status, attempt, done=outcome.done)
    log.trouble("delivery.given_up", delivery=row.id, status=status, error=outcome.error)
    return True


def _set_aside(row: DeliveryRow, destination: str, attempt: dict[str, Any] | None) -> None:
    """The message counts as poison and its failures no more, both or neither: with the failures alone forgotten it
    would be tried as often again, with the row alone the next failure of any message would switch the webhook off."""
    writes = transaction()
    attempts.put_record(writes, row, POISON, attempt)
    endpoints.put_recovered(writes, destination)
    if not committed(writes):
        raise WebhookBusy(row.id)


def _attempt(row: DeliveryRow, outcome: Outcome, *, at: int) -> dict[str, Any]:
    warnings = outcome.warnings if isinstance(outcome, Delivered) else ()
    shown = {
        "n": len(row.attempts) + 1,
        "at": at,
        "took_ms": outcome.took_ms,
        "status_code": outcome.status or None,
        "error": None if isinstance(outcome, Delivered) else outcome.error,
        "response_head": outcome.head or None,
        "done": None if isinstance(outcome, Delivered) else outcome.done or None,
        "warnings": [{"path": path[:100], "message": why[:200]} for path, why in warnings] or None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _say(step: str, row: DeliveryRow, notice: Notice, outcome: Outcome) -> None:
    log.step(
        step,
        metrics=("age_ms", "attempt_failed"),
        delivery=row.id,
        thread=notice.thread,
        message=notice.message,
        attempt=len(row.attempts) + 1,
        outcome="delivered" if isinstance(outcome, Delivered) else outcome.error,
        status=outcome.status or None,
        took_ms=outcome.took_ms,
        trace=notice.trace,
        age_ms=max(0, clock.now_ms() - notice.at),
        attempt_failed=0 if isinstance(outcome, Delivered) else 1,
    )
