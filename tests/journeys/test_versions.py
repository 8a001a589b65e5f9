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
from tests.journeys.conftest import Town
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


def _add_to_rows(town: Town) -> int:
    """What a newer version would have stored: each row has an attribute more, and so has every map within it."""
    added = 0
    for name in _TABLES:
        table = _moto_table(town.cloud._table(name))
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
def test_a_whole_visit(town: Town, traveller: Any) -> None:
    town.bot.answer = echoes
    town.make("triggers", service_id=town.ids["care"], name="t", bot_id=town.ids["bot"], session_duration_s=60)
    town.says("one")
    assert _add_to_rows(town) > 5
    town.says("two")
    conversation = town.bot.events()[0]["Conversationid"]
    assert town.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    chat = town.desk.events()[-1]["data"]["conversation_id"]
    for event in ({"type": "chat.accepted"}, {"type": "agent.message", "text": "I am Ana"}, {"type": "chat.closed"}):
        assert town.desk_posts(event | {"conversation_id": chat})[0] == 202
        _add_to_rows(town)
    town.bot.answer = lambda heard: (500, {})
    town.says("three")
    traveller.shift(30)
    town.cloud.release()
    _add_to_rows(town)
    town.bot.answer = echoes
    traveller.shift(60)
    town.cloud.release()
    assert town.sees() == ["re: one", "re: two", "I am Ana", "re: three"]
    made = town.made["t"]
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    status, accepted = town.call("POST", made["event_url"], {"text": "four", "contact": {"email": "a@example.com"}},
                                 headers=bearer)  # fmt: skip
    assert status == 202
    town.cloud.pump()
    _, event = town.call("GET", f"/v1/triggers/{town.ids['t']}/events/{accepted['id']}")
    assert (event["status"], event["reply"]) == ("succeeded", "re: four")
    assert town.cloud.failures == [] and list(Failure.query(ALL)) == []


@pytest.mark.parametrize(("queue", "body"), [
    ("threads.fifo", {"id": "ev_1", "kind": "customer.danced", "service": "", "thread": "", "at": 1}),
    ("timers", {"kind": "moon.full"}),
])  # fmt: skip
def test_a_kind_that_nobody_knows_is_kept_until_somebody_does(town: Town, queue: str, body: dict[str, Any]) -> None:
    town.says("hello")
    thread = town.call("GET", f"/v1/conversations/{town.bot.events()[0]['Conversationid']}")[1]["thread"]["id"]
    known = {"service": town.ids["care"], "thread": thread} if queue == "threads.fifo" else {}
    queues.send(queue, [Entry(body | known, group=thread, dedup="d")])
    town.cloud.pump()
    (failure,) = Failure.query(ALL)
    assert (failure.queue, failure.body["kind"]) == (queue, body["kind"]) and queue in QUEUES
    town.says("it goes on")
    assert [event["Message"] for event in town.bot.events()] == ["hello", "it goes on"]


def test_a_delivery_of_a_kind_that_nobody_knows_lets_the_lane_go_on(town: Town) -> None:
    town.bot.answer = lambda heard: (500, {})
    town.says("one")
    town.says("two")
    town.bot.answer = echoes
    (lane,) = {str(row.lane) for row in deliveries.DeliveryRow.scan() if str(row.destination) == town.ids["bot"]}
    first = deliveries.tail(lane).undone[0]
    first.update(actions=[deliveries.DeliveryRow.notice.set(dict(first.notice) | {"kind": "hologram"})])
    town.cloud.pump()
    queues.send("deliveries.fifo", [Entry({"lane": lane, "open": "all"}, group=lane, dedup="again")])
    town.cloud.pump()
    _, listed = town.call("GET", f"/v1/deliveries?bot_id={town.ids['bot']}")
    assert [one["status"] for one in listed["data"]] == ["delivered", "failed"]
    assert [one["status_code"] for one in listed["data"][1]["attempts"]] == [500]
