"""A lane: takes its oldest undone delivery, tries it, and goes on until the lane is empty or an attempt fails.

A queue message is only a wake-up. While a lane is blocked its own row (`~`) says so: wake-ups then do nothing, later
deliveries queue behind, and the retry that the row waits for, or the destination's return, moves it. Who does so leases
the row first. Where neither comes, the lane does not stand for ever: a wake-up that meets a row whose time and lease
are over takes it over, and a row in the schedule has somebody look some minutes after each retry was due.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.exchange import Call
from chalicelib.domain.lane import destination_of
from chalicelib.domain.order import HELD, Order
from chalicelib.lanes.pump import try_one, wake
from chalicelib.lanes.transport import Target, Transport
from chalicelib.ports import at_once, clock, ids, log, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries, lanes
from chalicelib.tables.deliveries import DeliveryRow

_SPARE_MS = 22_000
"""Time left in the Lambda below which no further attempt is begun: one with a file that its provider gets before it
answers, or one attempt and one probe; and their writes."""
LEASE_MS = 60_000
"""As long as the function that makes a retry may run."""
OVERDUE_MS = 60_000
"""This long after a retry was due, whoever meets the lane makes it himself."""


class NoTime(Exception):
    """The function's time is up before the lane's first attempt; the queue brings the lane again."""


async def pump(
    transport: Transport, call: Call, lane: str, *, step: str, reopen: str, remaining_ms: Callable[[], int]
) -> None:
    """Work off a lane; `reopen` first removes what blocks it: `held` if it waits for its destination, `all` always."""
    # The lane's name says whom it leads to, so both are read at once. In vain where nothing is to be done, which is
    # cheaper than a wait of each message on its way.
    state, target = at_once.both(lambda: deliveries.tail(lane), lambda: transport.target(destination_of(lane)))
    if state.row is not None:
        if remaining_ms() < _SPARE_MS:
            raise NoTime(lane)
        await _of_blocked(transport, call, state.row, state.undone, target, step=step, reopen=reopen)
        return
    for done, row in enumerate(state.undone):
        if remaining_ms() < _SPARE_MS:
            if not done:
                # A lane that wakes itself has done something each time, so that it comes to an end.
                raise NoTime(lane)
            wake(lane)
            return
        if done:
            target = transport.target(destination_of(lane))
        if not await try_one(transport, call, row, target, step=step, failures=0):
            return


async def _of_blocked(
    transport: Transport,
    call: Call,
    own: DeliveryRow,
    undone: list[DeliveryRow],
    target: Target | None,
    *,
    step: str,
    reopen: str,
) -> None:
    """A lane that a wake-up finds blocked: nothing is done where somebody will come, and what he would do else."""
    lane, now = str(own.lane), clock.now_ms()
    if reopen:
        await recover(transport, call, lane, step=step, held=reopen == HELD)
    elif not own.due:
        if not undone or target is None or target.usable:
            await recover(transport, call, lane, step=step, held=True)
    elif own.due + OVERDUE_MS < now and (own.leased_until or 0) < now:
        log.trouble("lane.overdue", lane=lane, late_ms=now - int(own.due))
        await try_again(transport, call, lane, step=step, head=str(own.head), attempt=int(own.attempt or 0))


async def try_again(transport: Transport, call: Call, lane: str, *, step: str, head: str, attempt: int) -> None:
    """Make the attempt that a lane waits for; then open it, and leave what queued behind to the pump."""
    now, by = clock.now_ms(), ids.token(9)
    own = lanes.lease(lane, by=by, head=head, attempt=attempt, now=now, until=now + LEASE_MS)
    if own is not None:
        await _leased(transport, call, own, by=by, step=step, failures=attempt)
        return
    state = deliveries.tail(lane)
    if state.row is None:
        if state.undone:
            # The lane was opened, perhaps by a run that was cut off before its wake-up.
            wake(lane)
    elif state.row.due is not None and (state.row.head, state.row.attempt) == (head, attempt):
        # Not due by this clock, or another's, who may have ended with his process: looked at again when that is over.
        wait_ms = max(int(state.row.due), int(state.row.leased_until or 0)) - now
        task = Order(lane, head=head, attempt=attempt).plain()
        queues.send(
            transport.retry_queue, [Entry(task, delay_s=max(1, min(-(-wait_ms // 1000) + 1, queues.MOST_DELAY_S)))]
        )


async def recover(transport: Transport, call: Call, lane: str, *, step: str, held: bool) -> None:
    """Try a blocked lane at once because its destination is back; `held`: only one that waits for just that."""
    now, by = clock.now_ms(), ids.token(9)
    own = lanes.lease_now(lane, by=by, held=held, now=now, until=now + LEASE_MS)
    if own is not None:
        await _leased(transport, call, own, by=by, step=step, failures=0)
    elif _is_open(lane):
        wake(lane)


async def _leased(transport: Transport, call: Call, own: DeliveryRow, *, by: str, step: str, failures: int) -> None:
    lane, head = str(own.lane), str(own.head)
    try:
        row, target = at_once.both(lambda: deliveries.get(lane, head), lambda: transport.target(destination_of(lane)))
        if (
            row is None
            or row.status not in deliveries.UNDONE
            or await try_one(transport, call, row, target, step=step, failures=failures)
        ):
            lanes.unblock(lane, by=by)
            # What came while the lane was blocked woke nobody; what comes from here on wakes the pump.
            if _is_open(lane):
                wake(lane)
    except Exception:
        # Else whoever comes next would wait for the end of the lease.
        lanes.release(lane, by=by)
        raise


def _is_open(lane: str) -> bool:
    """Whether something is to be done in a lane that nothing blocks."""
    state = deliveries.tail(lane)
    return state.row is None and bool(state.undone)
