"""A bot is back for which many lanes wait: each is ordered once, a few each second, and behind nobody's messages."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.lane import lane_of
from chalicelib.domain.notice import MESSAGE, Notice
from chalicelib.domain.retry import SWEEPS_S
from chalicelib.domain.tasks import EndpointBack
from chalicelib.lanes import returning
from chalicelib.ports import clock
from chalicelib.tables import deliveries, endpoints, lanes
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.schedule import Due, hand_over
from tests.cloud import _moto_queue
from tests.journeys.conftest import Deployment
from tests.journeys.test_failing_bot import messages_of

LANES = 120


@pytest.fixture
def held(deployment: Deployment) -> list[str]:
    """Lanes that wait for the bot, each with a message and nobody who comes for it."""
    bot, service = deployment.ids["bot"], deployment.ids["care"]
    made = []
    for n in range(LANES):
        thread = f"th_{'a' * 22}{n:04d}"
        lane, key = lane_of(thread, bot), f"{n:042d}"
        about: dict[str, Any] = {"service": service, "thread": thread, "conversation": f"cv_{n}", "at": clock.now_ms()}
        notice = Notice(kind=MESSAGE, destination=bot, channel_kind="webchat", content={"text": f"{n}"}, **about)
        deliveries.add(lane, key, notice, created_at=clock.now_ms())
        lanes.block(lane, head=key, blocked_by=bot)
        made.append(lane)
    return made


def bodies(deployment: Deployment, queue: str) -> list[dict[str, Any]]:
    """What stands on a queue, delayed or not."""
    there = [json.loads(one["Body"]) for one in deployment.cloud._held.get(queue, [])]
    return there + [json.loads(one.body) for one in _moto_queue(deployment.cloud._queue(queue))._messages]


def edit_and_verify(deployment: Deployment) -> None:
    assert deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {})[0] == 200
    deployment.verify("bots", "bot")


def fires(deployment: Deployment) -> None:
    """What is due on `timers` is done, and nothing else."""
    for batch in deployment.cloud._batches("timers"):
        deployment.cloud._run("timers", "fire_timer", batch)


def test_twenty_returns_within_a_moment_are_one_sweep_and_one_more(
    deployment: Deployment, traveller: Any, held: list[str]
) -> None:
    for _ in range(20):
        edit_and_verify(deployment)
        fires(deployment)
        traveller.shift(0.5)
    orders = Counter(order["lane"] for order in bodies(deployment, "retries"))
    assert set(orders) == set(held)
    assert set(orders.values()) == {1}, "one lane never has two orders on their way"
    assert not bodies(deployment, "deliveries.fifo"), "and none stands before a neighbour's message"
    for _ in range(4):
        traveller.shift(15)
        for row in [row for row in Due.scan() if int(str(row.due_id)[:13]) <= clock.now_ms()]:
            hand_over(row, now_ms=clock.now_ms())
        fires(deployment)
    # The newest return has a sweep of its own when the first has rested; the eighteen between have none.
    again = Counter(order["lane"] for order in bodies(deployment, "retries"))
    assert set(again.values()) == {1}, "nothing was tried meanwhile, so every order is still on its way"


def test_a_few_each_second(deployment: Deployment, traveller: Any, held: list[str]) -> None:
    edit_and_verify(deployment)
    fires(deployment)
    seen = []
    for _ in range(LANES // returning.A_SECOND):
        seen.append(len(_moto_queue(deployment.cloud._queue("retries")).messages))
        traveller.shift(1)
    assert seen == [(second + 1) * returning.A_SECOND for second in range(LANES // returning.A_SECOND)]


def test_all_lanes_move_on(deployment: Deployment, traveller: Any, held: list[str]) -> None:
    deployment.bot.forget()
    edit_and_verify(deployment)
    for _ in range(20):
        traveller.shift(1)
        deployment.cloud.pump()
    assert sorted(map(int, messages_of(deployment))) == list(range(LANES))
    assert not [row for row in DeliveryRow.scan() if row.status == "pending"]


def test_page_after_page(
    deployment: Deployment, traveller: Any, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning, "_PAGE", 50)
    edit_and_verify(deployment)
    for _ in range(20):
        traveller.shift(1)
        deployment.cloud.release()
    assert sorted(map(int, messages_of(deployment))) == list(range(LANES))


def test_a_sweep_that_comes_twice_orders_once(deployment: Deployment, traveller: Any, held: list[str]) -> None:
    deployment.cloud.duplicate = True
    edit_and_verify(deployment)
    fires(deployment)
    assert len(bodies(deployment, "retries")) == LANES


def test_an_older_return_is_nobodys(deployment: Deployment, traveller: Any, held: list[str]) -> None:
    endpoints.set_status(deployment.ids["bot"], endpoints.ACTIVE, at=2000)
    old = EndpointBack(endpoint=deployment.ids["bot"], service=deployment.ids["care"], of=1000)
    assert returning.sweep(replace(old, sweep=len(SWEEPS_S) - 1)) == "came back once more"
    endpoints.set_status(deployment.ids["bot"], endpoints.INACTIVE, at=3000)
    assert returning.sweep(replace(old, of=3000)) == "not back"
    assert not bodies(deployment, "retries")


def test_what_a_message_costs_in_wake_ups(deployment: Deployment, traveller: Any) -> None:
    """A delivery that succeeds wakes its lane once; one that fails and is made again, no more than that."""
    deployment.call(
        "PATCH", f"/v1/bots/{deployment.ids['bot']}", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}}
    )
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    sent: Counter[str] = Counter()
    original = deployment.cloud.before

    def counting(step: str) -> None:
        sent[step] += 1
        original(step)

    deployment.cloud.before = counting
    for n in range(3):
        deployment.says(f"{n}")
    assert (sent["deliver"], sent["retry_delivery"]) == (3, 0)
    deployment.bot.answer = lambda heard: (500, {})
    deployment.says("fails")
    deployment.bot.answer = lambda heard: (200, {"token": "the-bots-own-token"})
    traveller.shift(3)
    deployment.cloud.pump()
    assert messages_of(deployment)[-2:] == ["fails", "fails"]
    assert (sent["deliver"], sent["retry_delivery"]) == (4, 1), "an empty lane is not looked at again"
