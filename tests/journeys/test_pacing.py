"""A channel that takes so many messages a second is sent no more, and what is bulk leaves half of that to those who
chat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.domain.tasks import LaneWatch
from chalicelib.ports import clock
from chalicelib.steps import fire_timer
from chalicelib.tables import rates
from chalicelib.tables.deliveries import LANE, DeliveryRow
from chalicelib.tables.receipts import Receipt
from chalicelib.tables.schedule import Due
from tests.cloud import Cloud, CutOff, taps
from tests.journeys.conftest import Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_providers import echo_bot, message, post
from tests.outside import Heard, serving

EVERY_S = 5


@pytest.fixture
def clock_(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


@pytest.fixture
def sent(deployment: Deployment) -> Iterator[list[tuple[int, str]]]:
    """(seconds since the first, to whom) of what a provider gets that takes a message each five seconds."""
    sent: list[tuple[int, str]] = []
    first: list[int] = []

    def answer(heard: Heard) -> tuple[int, Any]:
        first.append(clock.now_ms())
        sent.append(((clock.now_ms() - first[0]) // 1000, heard.json["to"]))
        return 200, {"id": heard.json["id"]}

    with serving() as provider:
        provider.answer = answer
        deployment.bot.answer = echo_bot
        settings = {"send_url": provider.url, "rate_per_s": 1 / EVERY_S}
        deployment.make("channels", service_id=deployment.ids["care"], kind="custom", name="slow", settings=settings)
        yield sent


def says(deployment: Deployment, *people: str) -> None:
    posted = [message("hi", f"{one}-{clock.now_ms()}") | {"from": one} for one in people]
    assert post(deployment, deployment.made["slow"], posted)[0] == 202


def second_by_second(clock_: Clock, seconds: int) -> None:
    for _ in range(seconds):
        clock_.passes(1)


def test_each_waits_for_its_turn_and_nobody_looks(
    deployment: Deployment, sent: list[tuple[int, str]], clock_: Clock
) -> None:
    says(deployment, "a", "b", "c")
    assert sent == [(0, "a")]
    waiting = [row for row in DeliveryRow.scan() if row.key != LANE and row.status == "pending"]
    assert len(waiting) == 2 and all(row.next_attempt_at and not row.attempts for row in waiting)
    assert not [row for row in DeliveryRow.scan() if row.trouble], "to wait for one's turn is no trouble"
    second_by_second(clock_, 13)
    assert sent == [(0, "a"), (EVERY_S, "b"), (2 * EVERY_S, "c")]
    assert not [row for row in DeliveryRow.scan() if row.key == LANE]
    second_by_second(clock_, 2 * EVERY_S)
    says(deployment, "a")
    assert sent[-1] == (23, "a"), "who finds nobody waiting goes at once"


@pytest.mark.parametrize("what", ["told again", "said first"])
def test_bulk_leaves_half_to_those_who_chat(
    deployment: Deployment, sent: list[tuple[int, str]], clock_: Clock, what: str
) -> None:
    says(deployment, "a", "b", "c")
    second_by_second(clock_, 30)
    del sent[:]
    slow = deployment.ids["slow"]
    if what == "told again":
        asked = {"channel_id": slow, "since": "2026-01-01T00:00:00Z"}
        status, answer = deployment.call("POST", "/v1/deliveries:replay", asked)
        assert (status, answer["count"]) == (202, 3)
    for one in "abc" if what == "said first" else "":
        said = {"service_id": deployment.ids["care"], "to": {"channel_id": slow, "address": one}, "text": "news"}
        assert deployment.call("POST", "/v1/messages", said)[0] == 202
    begun = clock.now_ms()
    deployment.cloud.pump()
    says(deployment, "d", "e")
    second_by_second(clock_, 40)
    chats = [at for at, one in sent if one in "de"]
    assert len(sent) == 5 and chats[0] - sent[0][0] <= EVERY_S and chats[1] - chats[0] <= 2 * EVERY_S + 1, sent
    times = [at for at, _ in sent]
    assert all(later - sooner >= EVERY_S - 1 for sooner, later in pairwise(times)), sent
    assert clock.now_ms() > begun


def test_places_are_a_step_apart_and_begin_anew_where_nobody_waits(cloud: Cloud) -> None:
    taken = [rates.take("ch_1", per_s=80, now_ms=1_000_000) for _ in range(5)]
    assert taken == [1_000_000, 1_000_012, 1_000_025, 1_000_038, 1_000_050]
    assert rates.take("ch_1", per_s=80, now_ms=1_000_062) == 1_000_062
    assert rates.take("ch_1", per_s=80, now_ms=1_000_070) == 1_000_075
    assert rates.take("ch_1", per_s=80, now_ms=2_000_000) == 2_000_000
    assert rates.take("ch_2", per_s=0.5, now_ms=1_000_000) == 1_000_000
    assert rates.take("ch_2", per_s=0.5, now_ms=1_000_000) == 1_002_000


def test_the_places_are_known_for_as_long_as_somebody_waits_for_the_last(cloud: Cloud) -> None:
    days = 86_400_000
    for day in range(30):
        # As many as wait for a day come each day, and one more: nobody finds it idle.
        for _ in range(3 if day else 4):
            last = rates.take("ch_1", per_s=3 / 86_400, now_ms=day * days + 1)
    assert int(Receipt.get("rate#ch_1").expiration or 0) * 1000 > last


def test_who_waits_for_a_later_turn_is_not_overdue(
    deployment: Deployment, sent: list[tuple[int, str]], clock_: Clock
) -> None:
    says(deployment, "a", "b")
    (own,) = (row for row in DeliveryRow.scan() if row.key == LANE)
    own.update(actions=[DeliveryRow.due.set(clock.now_ms() + 600_000)])
    watched = sorted(str(row.due_id) for row in Due.scan())
    fire_timer.handle(LaneWatch(lane=str(own.lane), head=str(own.head), attempt=int(own.attempt or 0)).plain())
    assert sorted(str(row.due_id) for row in Due.scan()) == watched


@pytest.mark.parametrize("rate", [0, -1, 1001, "fast"])
def test_a_rate_that_is_none(deployment: Deployment, rate: Any) -> None:
    settings = {"send_url": "https://gateway.example/send", "rate_per_s": rate}
    status, answer = deployment.call("POST", "/v1/channels", {
        "service_id": deployment.ids["care"], "kind": "custom", "name": "odd", "settings": settings,
    })  # fmt: skip
    assert status == 422 and "/settings/rate_per_s" in str(answer)


def test_cut_off_anywhere_each_is_sent_in_its_turn(
    deployment: Deployment, sent: list[tuple[int, str]], clock_: Clock
) -> None:
    for at in itertools.count():
        clock_.passes(20)
        del sent[:]
        left = [at]

        def listen(when: str, what: str, left: list[int] = left) -> None:
            if deployment.cloud.step == "send" and when == "after" and what != "HTTP":
                left[0] -= 1
                if left[0] == -1:
                    raise CutOff(what)

        taps.listen = listen
        says(deployment, "a", "b")
        taps.listen = None
        clock_.passes(15)
        # Twice under one id, where it ended between the gateway's yes and our record.
        assert {to for _, to in sent} == {"a", "b"} and len(sent) <= 3, at
        assert {row.status for row in DeliveryRow.scan()} == {"delivered"}
        if left[0] >= 0:
            break
    assert at > 10
