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
from tests.journeys.conftest import Deployment, answers_with_token
from tests.journeys.test_failing_bot import Clock, broken, messages_of

SOON = 60 + 10 + schedule.WATCH_MS // 1000 + 120
"""The first retry's wait, until somebody looks after it, and two ticks of the schedule."""


@pytest.fixture
def clock_(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


@pytest.fixture
def waiting(deployment: Deployment) -> DeliveryRow:
    """A lane whose first attempt failed, and whose customer says nothing more; its own row."""
    deployment.bot.answer = broken
    deployment.says("one")
    deployment.bot.answer = answers_with_token
    return own_row()


def own_row() -> DeliveryRow:
    return next(row for row in DeliveryRow.scan() if row.key == LANE)


def stands() -> bool:
    """Whether something is still to be done."""
    return any(row.key == LANE or row.status in ("pending", "waiting") for row in DeliveryRow.scan())


def taken_off(deployment: Deployment, queue: str) -> list[dict[str, Any]]:
    """What is on a queue, which forgets it."""
    cloud = deployment.cloud
    cloud._receive(queue)
    lost = cloud._held.pop(queue, [])
    delayed = _moto_queue(cloud._queue(queue))._messages
    lost += [{"MessageId": f"l{at}", "Body": one.body, "Attributes": {}} for at, one in enumerate(delayed)]
    delayed.clear()
    return lost


def handed_over(deployment: Deployment, traveller: Any) -> None:
    """The time comes at which the retry is put on its queue; it is due a little later."""
    traveller.shift(10)
    deployment.cloud.release()


def test_the_retry_is_lost(deployment: Deployment, traveller: Any, clock_: Clock, waiting: DeliveryRow) -> None:
    handed_over(deployment, traveller)
    assert taken_off(deployment, "retries")
    clock_.passes(120)
    assert stands()
    clock_.passes(SOON - 120)
    assert messages_of(deployment) == ["one", "one"]
    assert not stands()


def test_its_row_in_the_schedule_is_lost(deployment: Deployment, clock_: Clock, waiting: DeliveryRow) -> None:
    for row in [row for row in schedule.Due.scan() if row.queue == "retries"]:
        row.delete()
    taken_off(deployment, "retries")
    clock_.passes(SOON)
    assert not stands()


def test_the_retry_becomes_a_dead_letter(
    deployment: Deployment, traveller: Any, clock_: Clock, waiting: DeliveryRow
) -> None:
    handed_over(deployment, traveller)
    deployment.cloud._held["retries-dead"] = taken_off(deployment, "retries")
    clock_.passes(SOON)
    assert not stands()


def test_the_worker_dies_with_its_lease(
    deployment: Deployment, traveller: Any, clock_: Clock, waiting: DeliveryRow
) -> None:
    """What comes again, or twice, meets the lease: it must not be forgotten for that."""
    traveller.shift(70)
    now = clock.now_ms()
    assert lanes.lease(str(waiting.lane), by="dead", head=str(waiting.head), attempt=1, now=now, until=now + LEASE_MS)
    deployment.cloud.release()
    assert messages_of(deployment) == ["one"], "it may still be under way"
    clock_.passes(LEASE_MS / 1000 + 5)
    assert messages_of(deployment) == ["one", "one"]
    assert not stands()


def test_a_clock_that_is_behind(deployment: Deployment, clock_: Clock, waiting: DeliveryRow) -> None:
    """SQS counts by its own clock: a retry may come before it is due by ours."""
    taken_off(deployment, "retries")
    queues.send("retries", [queues.Entry({"lane": waiting.lane, "head": waiting.head, "attempt": 1})])
    deployment.cloud.pump()
    assert messages_of(deployment) == ["one"]
    clock_.passes(75)
    assert messages_of(deployment) == ["one", "one"]


def test_a_wake_up_takes_over_what_nobody_came_for(
    deployment: Deployment, traveller: Any, waiting: DeliveryRow
) -> None:
    handed_over(deployment, traveller)
    taken_off(deployment, "retries")
    traveller.shift((OVERDUE_MS + 70_000) / 1000)
    deployment.says("two")
    assert messages_of(deployment) == ["one", "one", "two"]
    assert not stands()


def test_a_wake_up_leaves_alone_what_somebody_will_come_for(
    deployment: Deployment, traveller: Any, waiting: DeliveryRow
) -> None:
    traveller.shift(40)
    deployment.says("two")
    assert messages_of(deployment) == ["one"]


def switched_off(deployment: Deployment, clock_: Clock) -> None:
    """The bot fails until it is switched off, with a message in its lane; then it is well, edited and verified."""
    deployment.call(
        "PATCH", f"/v1/bots/{deployment.ids['bot']}", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}}
    )
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    deployment.bot.answer = broken
    deployment.says("one")
    clock_.passes(120)
    assert not own_row().due, "it waits for the bot's return"
    deployment.bot.answer = answers_with_token
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {})
    deployment.verify("bots", "bot")


def test_the_order_after_the_return_is_lost(deployment: Deployment, clock_: Clock) -> None:
    """Or the API's process died between the webhook's row and the queue: the last sweep was kept before either."""
    switched_off(deployment, clock_)
    assert taken_off(deployment, "timers")
    clock_.passes(SWEEPS_S[-1] - 60)
    assert stands()
    clock_.passes(120)
    assert messages_of(deployment)[-1] == "one"
    assert not stands()


def test_a_wake_up_opens_a_lane_whose_bot_is_back(deployment: Deployment, clock_: Clock) -> None:
    """Though of the return itself everything is lost."""
    switched_off(deployment, clock_)
    taken_off(deployment, "timers")
    for row in schedule.Due.scan():
        row.delete()
    deployment.says("two")
    assert messages_of(deployment)[-2:] == ["one", "two"]
    assert not stands()


def test_a_wake_up_becomes_a_dead_letter(deployment: Deployment, clock_: Clock) -> None:
    """Ours failed for some minutes, and the customer says nothing more."""
    deployment.call("POST", f"/channels/{deployment.ids['chat']}/webhook", {"text": "one"})
    while not _moto_queue(deployment.cloud._queue("deliveries.fifo"))._messages:
        deployment.cloud._stream_once()
        for batch in deployment.cloud._batches("threads.fifo"):
            deployment.cloud._run("threads.fifo", "converse", batch)
    deployment.cloud._held["deliveries-dead.fifo"] = taken_off(deployment, "deliveries.fifo")
    deployment.cloud.pump()
    assert messages_of(deployment) == []
    clock_.passes(16 * 60 + 60)
    assert messages_of(deployment) == ["one"]
    assert not stands()
    assert len(_moto_table(deployment.cloud._table("failures")).items) == 1, "a person sees it all the same"
