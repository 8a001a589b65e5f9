"""A bot is down, and somebody will not wait for the next attempt: it is made at once, and counts as that attempt."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.tables import endpoints
from chalicelib.tables.deliveries import DeliveryRow
from tests.journeys.conftest import Deployment, answers_with_token
from tests.journeys.test_failing_bot import Clock, broken, messages_of


@pytest.fixture
def clock(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


def waiting(deployment: Deployment) -> dict[str, Any]:
    """The lane that waits for the bot."""
    status, page = deployment.call("GET", f"/v1/bots/{deployment.ids['bot']}/lanes")
    assert status == 200
    (lane,) = page["data"]
    return dict(lane)


def in_trouble(deployment: Deployment, status: str) -> list[str]:
    """What the list of the service has."""
    path = f"/v1/deliveries?service_id={deployment.ids['care']}&status={status}"
    return [one["id"] for one in deployment.call("GET", path)[1]["data"]]


def tries(deployment: Deployment, delivery: str, times: int = 1) -> None:
    for _ in range(times):
        assert deployment.call("POST", f"/v1/deliveries/{delivery}/try")[0] == 202
    deployment.cloud.pump()


def test_tried_in_vain_and_then_with_success(deployment: Deployment, clock: Clock) -> None:
    deployment.bot.answer = broken
    deployment.says("one")
    deployment.says("two")
    lane = waiting(deployment)
    assert (lane["waiting"], len(lane["attempts"])) == (2, 1)
    assert in_trouble(deployment, "waiting") == [lane["delivery_id"]]
    clock.passes(10)
    tries(deployment, lane["delivery_id"], times=2)
    assert messages_of(deployment) == ["one", "one"], "asked for twice, it is tried once"
    assert endpoints.get(deployment.ids["bot"]).failures == 2, "it counts as any"
    second = waiting(deployment)
    assert len(second["attempts"]) == 2 and second["next_attempt_at"] > lane["next_attempt_at"]
    clock.passes(100)
    assert messages_of(deployment) == ["one", "one"], "the retry that it was made for is void; the next waits longer"
    deployment.bot.answer = answers_with_token
    tries(deployment, lane["delivery_id"])
    assert messages_of(deployment) == ["one", "one", "one", "two"]
    assert in_trouble(deployment, "waiting") == []
    assert not [row.id for row in DeliveryRow.scan() if row.trouble], "what goes well is in no index of trouble"
    clock.passes(900)
    assert messages_of(deployment) == ["one", "one", "one", "two"], "no retry is left"
    assert len({heard.headers["webhook-id"] for heard in deployment.bot.heard}) == 2


def test_the_last_attempt_is_the_last(deployment: Deployment, clock: Clock) -> None:
    """Whoever tries does not get the delivery further attempts than it has."""
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"retry": {"waits_s": [600]}})
    deployment.bot.answer = broken
    deployment.says("one")
    delivery = waiting(deployment)["delivery_id"]
    tries(deployment, delivery)
    assert deployment.call("GET", f"/v1/deliveries/{delivery}")[1]["status"] == "failed"
    assert in_trouble(deployment, "failed") == [delivery]
    status, answer = deployment.call("POST", f"/v1/deliveries/{delivery}/try")
    assert (status, answer["code"]) == (409, "not_waiting")


def test_what_is_held_is_in_trouble_too(deployment: Deployment) -> None:
    """Though it was never tried."""
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"suspended": True})
    deployment.says("one")
    held = waiting(deployment)
    assert (held["state"], held["attempts"], in_trouble(deployment, "waiting")) == ("held", [], [held["delivery_id"]])
    health = deployment.call("GET", f"/v1/bots/{deployment.ids['bot']}/health")[1]
    assert (health["status"], health["waiting"]["oldest_at"]) == ("suspended", held["since"])


def test_all_of_a_bot(deployment: Deployment, clock: Clock) -> None:
    deployment.bot.answer = broken
    for n in range(3):
        deployment.session = ""
        deployment.says(f"{n}")
    deployment.bot.answer = answers_with_token
    path = f"/v1/bots/{deployment.ids['bot']}/lanes:try"
    assert deployment.call("POST", path) == (202, {"count": 3})
    deployment.cloud.pump()
    assert sorted(messages_of(deployment)) == ["0", "0", "1", "1", "2", "2"]
    assert endpoints.get(deployment.ids["bot"]).failures == 0
    assert deployment.call("POST", path) == (202, {"count": 0})
    clock.passes(120)
    assert len(messages_of(deployment)) == 6
