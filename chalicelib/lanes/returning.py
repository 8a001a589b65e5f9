"""A destination is back, or somebody will not wait: its blocked lanes are tried, a few each second, and apart from
everybody's first attempts.

The orders go on the queue of retries, not on that of wake-ups: so the return of one service's bot never stands before
the messages of another. Each lane has one order on its way at most, and calls that come within a sweep's time make one
sweep more, whatever their number.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from chalicelib.domain import event as kinds
from chalicelib.domain.event import Event, event_queue
from chalicelib.domain.lane import retry_queue_of
from chalicelib.domain.order import ALL, HELD, Order
from chalicelib.domain.retry import SWEEPS_S
from chalicelib.domain.tasks import EndpointBack, LanesTry
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import endpoints, lanes, schedule, threads
from chalicelib.tables.deliveries import DeliveryRow

REST_MS = 3_000
"""Between two first sweeps of a destination."""
A_SECOND = 10
"""Lanes of a destination that are tried each second: also what one batch to SQS takes."""
_PAGE = 500
"""Lanes of one run; the next page follows when these have been tried."""
_ON_ITS_WAY_MS = 45_000
"""How long an order counts as on its way after it was due, unless the lane moves."""


def sweep(task: EndpointBack) -> str:
    """Have the lanes of a destination that is back tried; gives what came of it."""
    endpoint, number, after, now = task.endpoint, task.sweep, task.after, clock.now_ms()
    state = endpoints.get(endpoint)
    if state.status != endpoints.ACTIVE:
        return "not back"
    of = int(task.of or state.changed_at)
    if of < state.changed_at:
        return "came back once more"
    if not number and not after and not endpoints.begin_sweep(endpoint, of=of, now=now, rest_ms=REST_MS):
        # Of those that wait here the newest goes on alone.
        queues.send("timers", [Entry(replace(task, of=of).plain(), delay_s=REST_MS // 1000)])
        return "swept a moment ago"
    page = list(islice(lanes.blocked(endpoint, after=after), _PAGE))
    steps = range(0, len(page), A_SECOND)
    called = sum(_called(page[at : at + A_SECOND], second=at // A_SECOND, held=number > 0) for at in steps)
    over = now + len(page) // A_SECOND * 1000
    if len(page) == _PAGE:
        _later(replace(task, of=of, after=page[-1]), over)
    elif number + 2 < len(SWEEPS_S):
        _later(replace(task, of=of, after="", sweep=number + 1), over + SWEEPS_S[number + 1] * 1000)
    if not after and endpoint.startswith("bt_"):
        _give_back(endpoint)
    return f"{called} lanes"


def try_all(task: LanesTry) -> str:
    """Have the attempts made at once that the lanes of a destination wait for; gives what came of it.

    Each is the retry that is due, made earlier: it counts as any, and what follows a failure is what would have. Run
    twice, a lane that has failed again meanwhile is tried once more; what is on its way is not ordered again. Cut off
    before the next page is kept, the task comes again.
    """
    endpoint, now = task.endpoint, clock.now_ms()
    if endpoints.get(endpoint).status != endpoints.ACTIVE:
        return "not in use any more"
    page = list(islice(lanes.blocked(endpoint, after=task.after), _PAGE))
    steps = range(0, len(page), A_SECOND)
    called = sum(_forward(page[at : at + A_SECOND], second=at // A_SECOND) for at in steps)
    if len(page) == _PAGE:
        following = replace(task, after=page[-1])
        due = now + len(page) // A_SECOND * 1000
        schedule.again(id=f"try:{endpoint}:{page[-1]}", due_ms=due, queue="timers", task=following.plain())
    return f"{called} lanes"


def _later(task: EndpointBack, due_ms: int) -> None:
    """By the table, not from queue to queue: AWS drops what it takes for an endless loop."""
    id = f"sweep:{task.endpoint}:{task.sweep}:{task.after}"
    schedule.again(id=id, due_ms=due_ms, queue="timers", task=task.plain())


def _called(page: list[str], *, second: int, held: bool) -> int:
    """Order that some lanes be tried in a while; gives how many. Cut off between the note and the order, a lane is
    ordered by the next sweep."""
    now, by = clock.now_ms(), ids.token(9)
    until = now + second * 1000 + _ON_ITS_WAY_MS
    found = [lanes.call(lane, by=by, held=held, now=now, until=until) for lane in page]
    return _ordered([(own, HELD if held else ALL) for own in found if own is not None], second=second)


def _forward(page: list[str], *, second: int) -> int:
    """As `_called`, of the retries that lanes wait for; those that wait for the destination's return as after that."""
    now, by = clock.now_ms(), ids.token(9)
    until = now + second * 1000 + _ON_ITS_WAY_MS
    found: list[tuple[DeliveryRow, str]] = []
    for lane in page:
        if (own := lanes.bring_forward(lane, by=by, now=now, until=until)) is not None:
            found.append((own, ""))
        elif (own := lanes.call(lane, by=by, held=True, now=now, until=until)) is not None:
            found.append((own, HELD))
    return _ordered(found, second=second)


def _ordered(called: list[tuple[DeliveryRow, str]], *, second: int) -> int:
    orders: dict[str, list[Entry]] = {}
    for own, opens in called:
        lane = str(own.lane)
        order = Order(lane, head=str(own.head), attempt=int(own.attempt or 0), open=opens)
        orders.setdefault(retry_queue_of(lane), []).append(Entry(order.plain(), delay_s=second))
    for queue, entries in orders.items():
        queues.send(queue, entries)
    return sum(map(len, orders.values()))


def _give_back(bot: str) -> None:
    """Threads that a desk holds only because the bot failed are the bot's again."""
    told: dict[str, list[Entry]] = {}
    for thread_id in threads.held_for(bot):
        thread = threads.get(thread_id)
        if thread is None or thread.fallback != bot:
            continue
        event = Event(
            id=ids.from_cause("ev", "recovered", thread.id, thread.epoch),
            kind=kinds.BOT_RECOVERED,
            service=thread.service,
            channel=thread.channel,
            channel_kind=thread.channel_kind,
            address=thread.address,
            thread=thread.id,
            at=clock.now_ms(),
            body={"bot": bot},
        )
        told.setdefault(event_queue(event.channel), []).append(Entry(event.plain(), group=thread.id, dedup=event.id))
    for queue, entries in told.items():
        queues.send(queue, entries)
