"""Two versions side by side: everything queued and stored has a member more than this version knows."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ports import queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries
from chalicelib.tables.failures import ALL, Failure
from tests.cloud import QUEUES, _moto_table
from tests.domain.test_stored import BY_ID, newer
from tests.journeys.conftest import Deployment
from tests.journeys.test_triggers import echoes

MORE = "of_the_next_version"
_TABLES = (
    "threads",
    "messages",
    "deliveries",
    "schedule",
    "contacts",
    "endpoints",
    "trigger_events",
    "receipts",
    "config",
)


@pytest.fixture
def newer_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put on a queue is what a newer version would put there."""
    text = queues._text
    monkeypatch.setattr(queues, "_text", lambda body: text(newer(body)))


def _add_to_rows(deployment: Deployment) -> int:
    """What a newer version would have stored: each row has an attribute more, and so has every map within it."""
    added = 0
    for name in _TABLES:
        table = _moto_table(deployment.cloud._table(name))
        for of_one in table.items.values():
            for item in of_one.values() if table.has_range_key else [of_one]:
                one = item.attrs
                one[MORE] = next(iter(one.values())).__class__({"S": "x"})
                added += sum(_add(value) for key, value in one.items() if key not in ("body", MORE))
    return added


def _add(value: Any) -> int:
    if value.type == "M":
        inner = sum(_add(one) for key, one in value.value.items() if key not in BY_ID)
        value.value[MORE] = value.__class__({"S": "x"})
        return inner + 1
    return sum(_add(one) for one in value.value) if value.type == "L" else 0


@pytest.mark.usefixtures("newer_beside")
def test_a_whole_visit(deployment: Deployment, traveller: Any) -> None:
    deployment.bot.answer = echoes
    deployment.make(
        "triggers", service_id=deployment.ids["care"], name="t", bot_id=deployment.ids["bot"], session_duration_s=60
    )
    deployment.says("one")
    assert _add_to_rows(deployment) > 5
    deployment.says("two")
    conversation = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    for event in ({"type": "chat.accepted"}, {"type": "agent.message", "text": "I am Ana"}, {"type": "chat.closed"}):
        assert deployment.desk_posts(event | {"conversation_id": chat})[0] == 202
        _add_to_rows(deployment)
    deployment.bot.answer = lambda heard: (500, {})
    deployment.says("three")
    traveller.shift(30)
    deployment.cloud.release()
    _add_to_rows(deployment)
    deployment.bot.answer = echoes
    traveller.shift(60)
    deployment.cloud.release()
    assert deployment.sees() == ["re: one", "re: two", "I am Ana", "re: three"]
    made = deployment.made["t"]
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    four = {"text": "four", "contact": {"email": "a@example.com"}}
    status, accepted = deployment.call("POST", made["event_url"], four,
                                 headers=bearer)  # fmt: skip
    assert status == 202
    deployment.cloud.pump()
    _, event = deployment.call("GET", f"/v1/triggers/{deployment.ids['t']}/events/{accepted['id']}")
    assert (event["status"], event["reply"]) == ("succeeded", "re: four")
    assert deployment.cloud.failures == [] and list(Failure.query(ALL)) == []


@pytest.mark.parametrize(("queue", "body"), [
    ("threads.fifo", {"id": "ev_1", "kind": "customer.danced", "service": "", "thread": "", "at": 1}),
    ("timers", {"kind": "moon.full"}),
])  # fmt: skip
def test_a_kind_that_nobody_knows_is_kept_until_somebody_does(
    deployment: Deployment, queue: str, body: dict[str, Any]
) -> None:
    deployment.says("hello")
    thread = deployment.call("GET", f"/v1/conversations/{deployment.bot.events()[0]['Conversationid']}")[1]["thread"][
        "id"
    ]
    known = {"service": deployment.ids["care"], "thread": thread} if queue == "threads.fifo" else {}
    queues.send(queue, [Entry(body | known, group=thread, dedup="d")])
    deployment.cloud.pump()
    (failure,) = Failure.query(ALL)
    assert (failure.queue, failure.body["kind"]) == (queue, body["kind"]) and queue in QUEUES
    deployment.says("it goes on")
    assert [event["Message"] for event in deployment.bot.events()] == ["hello", "it goes on"]


def test_a_delivery_of_a_kind_that_nobody_knows_lets_the_lane_go_on(deployment: Deployment) -> None:
    deployment.bot.answer = lambda heard: (500, {})
    deployment.says("one")
    deployment.says("two")
    deployment.bot.answer = echoes
    (lane,) = {str(row.lane) for row in deliveries.DeliveryRow.scan() if str(row.destination) == deployment.ids["bot"]}
    first = deliveries.tail(lane).undone[0]
    first.update(actions=[deliveries.DeliveryRow.notice.set(dict(first.notice) | {"kind": "hologram"})])
    deployment.cloud.pump()
    queues.send("deliveries.fifo", [Entry({"lane": lane, "open": "all"}, group=lane, dedup="again")])
    deployment.cloud.pump()
    _, listed = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}")
    assert [one["status"] for one in listed["data"]] == ["delivered", "failed"]
    assert [one["status_code"] for one in listed["data"][1]["attempts"]] == [500]
