"""Whatever becomes of what should move a lane, it moves on within minutes: nobody has to write again or to replay."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.retry import SWEEPS_S
from chalicelib.lanes.lane import LEASE_MS, OVERDUE_MS
from chalicelib.ports import clock, queues
from chalicelib.tables import lanes, schedule
from chalicelib.tables.deliveries import LANE, DeliveryRow
from tests.cloud import _moto_queue, _moto_table
from tests.journeys.conftest import Town, answers_with_token
from tests.journeys.test_failing_bot import Clock, broken, messages_of

SOON = 60 + 10 + schedule.WATCH_MS // 1000 + 120
"""The first retry's wait, until somebody looks after it, and two ticks of the schedule."""


@pytest.fixture
def clock_(town: Town, traveller: Any) -> Clock:
    return Clock(traveller, town)


@pytest.fixture
def waiting(town: Town) -> DeliveryRow:
    """A lane whose first attempt failed, and whose customer says nothing more; its own row."""
    town.bot.answer = broken
    town.says("one")
    town.bot.answer = answers_with_token
    return own_row()


def own_row() -> DeliveryRow:
    return next(row for row in DeliveryRow.scan() if row.key == LANE)


def stands() -> bool:
    """Whether something is still to be done."""
    return any(row.key == LANE or row.status in ("pending", "waiting") for row in DeliveryRow.scan())


def taken_off(town: Town, queue: str) -> list[dict[str, Any]]:
    """What is on a queue, which forgets it."""
    cloud = town.cloud
    cloud._receive(queue)
    lost = cloud._held.pop(queue, [])
    delayed = _moto_queue(cloud._queue(queue))._messages
    lost += [{"MessageId": f"l{at}", "Body": one.body, "Attributes": {}} for at, one in enumerate(delayed)]
    delayed.clear()
    return lost


def handed_over(town: Town, traveller: Any) -> None:
    """The time comes at which the retry is put on its queue; it is due a little later."""
    traveller.shift(10)
    town.cloud.release()


def test_the_retry_is_lost(town: Town, traveller: Any, clock_: Clock, waiting: DeliveryRow) -> None:
    handed_over(town, traveller)
    assert taken_off(town, "retries")
    clock_.passes(120)
    assert stands()
    clock_.passes(SOON - 120)
    assert messages_of(town) == ["one", "one"]
    assert not stands()


def test_its_row_in_the_schedule_is_lost(town: Town, clock_: Clock, waiting: DeliveryRow) -> None:
    for row in [row for row in schedule.Due.scan() if row.queue == "retries"]:
        row.delete()
    taken_off(town, "retries")
    clock_.passes(SOON)
    assert not stands()


def test_the_retry_becomes_a_dead_letter(town: Town, traveller: Any, clock_: Clock, waiting: DeliveryRow) -> None:
    handed_over(town, traveller)
    town.cloud._held["retries-dead"] = taken_off(town, "retries")
    clock_.passes(SOON)
    assert not stands()


def test_the_worker_dies_with_its_lease(town: Town, traveller: Any, clock_: Clock, waiting: DeliveryRow) -> None:
    """What comes again, or twice, meets the lease: it must not be forgotten for that."""
    traveller.shift(70)
    now = clock.now_ms()
    assert lanes.lease(str(waiting.lane), by="dead", head=str(waiting.head), attempt=1, now=now, until=now + LEASE_MS)
    town.cloud.release()
    assert messages_of(town) == ["one"], "it may still be under way"
    clock_.passes(LEASE_MS / 1000 + 5)
    assert messages_of(town) == ["one", "one"]
    assert not stands()


def test_a_clock_that_is_behind(town: Town, clock_: Clock, waiting: DeliveryRow) -> None:
    """SQS counts by its own clock: a retry may come before it is due by ours."""
    taken_off(town, "retries")
    queues.send("retries", [queues.Entry({"lane": waiting.lane, "head": waiting.head, "attempt": 1})])
    town.cloud.pump()
    assert messages_of(town) == ["one"]
    clock_.passes(75)
    assert messages_of(town) == ["one", "one"]


def test_a_wake_up_takes_over_what_nobody_came_for(town: Town, traveller: Any, waiting: DeliveryRow) -> None:
    handed_over(town, traveller)
    taken_off(town, "retries")
    traveller.shift((OVERDUE_MS + 70_000) / 1000)
    town.says("two")
    assert messages_of(town) == ["one", "one", "two"]
    assert not stands()


def test_a_wake_up_leaves_alone_what_somebody_will_come_for(town: Town, traveller: Any, waiting: DeliveryRow) -> None:
    traveller.shift(40)
    town.says("two")
    assert messages_of(town) == ["one"]


def switched_off(town: Town, clock_: Clock) -> None:
    """The bot fails until it is switched off, with a message in its lane; then it is well, edited and verified."""
    town.call("PATCH", f"/v1/bots/{town.ids['bot']}", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}})
    town.verify("bots", "bot")
    town.cloud.pump()
    town.bot.answer = broken
    town.says("one")
    clock_.passes(120)
    assert not own_row().due, "it waits for the bot's return"
    town.bot.answer = answers_with_token
    town.call("PATCH", f"/v1/bots/{town.ids['bot']}", {})
    town.verify("bots", "bot")


def test_the_order_after_the_return_is_lost(town: Town, clock_: Clock) -> None:
    """Or the API's process died between the webhook's row and the queue: the last sweep was kept before either."""
    switched_off(town, clock_)
    assert taken_off(town, "timers")
    clock_.passes(SWEEPS_S[-1] - 60)
    assert stands()
    clock_.passes(120)
    assert messages_of(town)[-1] == "one"
    assert not stands()


def test_a_wake_up_opens_a_lane_whose_bot_is_back(town: Town, clock_: Clock) -> None:
    """Though of the return itself everything is lost."""
    switched_off(town, clock_)
    taken_off(town, "timers")
    for row in schedule.Due.scan():
        row.delete()
    town.says("two")
    assert messages_of(town)[-2:] == ["one", "two"]
    assert not stands()


def test_a_wake_up_becomes_a_dead_letter(town: Town, clock_: Clock) -> None:
    """Ours failed for some minutes, and the customer says nothing more."""
    town.call("POST", f"/channels/{town.ids['chat']}/webhook", {"text": "one"})
    while not _moto_queue(town.cloud._queue("deliveries.fifo"))._messages:
        town.cloud._stream_once()
        for batch in town.cloud._batches("threads.fifo"):
            town.cloud._run("threads.fifo", "converse", batch)
    town.cloud._held["deliveries-dead.fifo"] = taken_off(town, "deliveries.fifo")
    town.cloud.pump()
    assert messages_of(town) == []
    clock_.passes(16 * 60 + 60)
    assert messages_of(town) == ["one"]
    assert not stands()
    assert len(_moto_table(town.cloud._table("failures")).items) == 1, "a person sees it all the same"
