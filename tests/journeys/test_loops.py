"""What puts itself again: for as long as it lasts, by chains of messages that end, so that AWS drops none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.lanes import lane
from chalicelib.ports import queues
from chalicelib.tables.failures import Failure
from chalicelib.tables.schedule import Due
from tests.chains import DROPPED_AT
from tests.cloud import CutOff, taps
from tests.journeys.conftest import Deployment, answers_with_token
from tests.journeys.test_failing_bot import Clock, broken
from tests.outside import Heard


@pytest.fixture
def clock(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


def fails_at_first(heard: Heard) -> tuple[int, Any]:
    return (500, {}) if heard.headers["x-parley-attempt"] == "1" else answers_with_token(heard)


def trigger(deployment: Deployment, **fields: Any) -> None:
    deployment.make(
        "triggers", service_id=deployment.ids["care"], name="t", bot_id=deployment.ids["bot"], text="tick", **fields
    )


def test_a_schedule_of_a_minute_goes_on_for_ever(deployment: Deployment, clock: Clock) -> None:
    trigger(deployment, schedule="every 1m")
    clock.passes(25 * 60)
    assert len(deployment.bot.events()) in (24, 25), "sixteen and no more, if each put the next"
    assert deployment.cloud.chains.longest["fire_timer"] <= 2
    assert len(list(Due.scan(Due.due_id.contains("trigger.due")))) == 1


def test_a_bot_that_is_down_is_looked_after_for_ever(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    trigger(deployment, answer_within_s=60)
    deployment.bot.answer = broken
    made = deployment.made["t"]
    sent = {"Authorization": f"Bearer {made['secret']}"}
    status, accepted = deployment.call("POST", made["event_url"], {"text": "hello"}, headers=sent)
    assert status == 202
    deployment.cloud.pump()
    clock.passes(3600)
    assert deployment.cloud.chains.longest["fire_timer"] <= 3
    assert len(list(Due.scan(Due.due_id.contains("answer:")))) == 1, "somebody still looks"
    deployment.bot.answer = answers_with_token
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {})
    deployment.verify("bots", "bot")
    clock.passes(300)
    _, told = deployment.call("GET", f"/v1/triggers/{deployment.ids['t']}/events/{accepted['id']}")
    assert told["status"] == "succeeded", "the bot took it, and had nothing to say"


def test_an_endpoint_that_is_back_is_looked_after_three_times(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"webhook_url": deployment.bot.url})
    deployment.verify("bots", "bot")
    clock.passes(30 * 60)
    assert deployment.cloud.chains.longest["fire_timer"] <= 2, "the last look is put by the table"
    assert list(Due.scan()) == []


def test_a_backlog_of_messages_that_fail_once_is_worked_off_in_one_chain(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = fails_at_first
    for n in range(20):
        deployment.says(str(n))
    clock.passes(40 * 60)
    heard = [event["Message"] for event in deployment.bot.events()]
    assert heard == [str(n) for n in range(20) for _ in range(2)]
    longest = deployment.cloud.chains.longest
    assert longest["deliver"] > DROPPED_AT, "AWS would drop it if nobody said that it is meant (infra/loops.py)"
    assert longest["retry_delivery"] > DROPPED_AT


def out_of_order(deployment: Deployment) -> None:
    """`converse` does nothing any more."""

    def cut(side: str, operation: str) -> None:
        if deployment.cloud.step == "converse":
            raise CutOff(operation)

    taps.listen = cut


def someone_goes(deployment: Deployment) -> str:
    """A visitor writes and is erased while `converse` is out of order; gives their id."""
    deployment.says("hello")
    _, thread = deployment.call("GET", f"/v1/conversations/{deployment.bot.events()[0]['Conversationid']}")
    contact = str(thread["thread"]["contact"]["id"])
    out_of_order(deployment)
    assert deployment.call("DELETE", f"/v1/contacts/{contact}")[0] == 202
    deployment.cloud.pump()
    return contact


def test_an_erasure_waits_for_a_thread_by_the_table(deployment: Deployment, clock: Clock) -> None:
    try:
        contact = someone_goes(deployment)
        clock.passes(40 * 60)
    finally:
        taps.listen = None
    assert deployment.cloud.chains.longest["erase"] < DROPPED_AT
    clock.passes(20 * 60)
    _, proof = deployment.call("GET", f"/v1/contacts/{contact}/erasure")
    assert (proof["status"], proof["erased"]["threads"]) == ("done", 1)


def test_an_erasure_that_waited_for_a_day_is_a_dead_letter_and_goes_on_when_it_is_asked_again(
    deployment: Deployment, traveller: Any, clock: Clock
) -> None:
    try:
        contact = someone_goes(deployment)
        for _ in range(26 * 4):
            traveller.shift(900)
            deployment.cloud.release()
    finally:
        taps.listen = None
    buried = list(Failure.scan())
    assert [row.body["contact"] for row in buried if row.queue == "erasures"] == [contact]
    told = [row.body for row in buried if row.step == "converse"]
    assert {(one["kind"], one["body"]["erasure"]) for one in told} == {("contact.erased", contact)}
    assert 1 < len(told) <= 7, "its thread was told now and then, and not with each look"
    assert not list(Due.scan(Due.due_id.contains("erase:"))), "it looks no more"
    assert deployment.call("DELETE", f"/v1/contacts/{contact}")[0] == 202
    clock.passes(600)
    assert deployment.call("GET", f"/v1/contacts/{contact}/erasure")[1]["status"] == "done"


RECORD = {
    "messageId": "m",
    "receiptHandle": "r",
    "attributes": {},
    "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:parley-test-deliveries.fifo",
}


def test_a_lane_is_woken_again_only_where_some_of_it_is_done(deployment: Deployment) -> None:
    deployment.bot.answer = broken
    deployment.says("hello")
    [delivery] = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}&status=waiting")[1]["data"]
    answer = deployment.cloud.app.deliver(
        {"Records": [RECORD | {"body": json.dumps({"lane": delivery["lane"], "open": "all"})}]}, Hurried()
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert issubclass(lane.NoTime, Exception)


class Hurried:
    """A Lambda whose time is up."""

    function_name, memory_limit_in_mb, aws_request_id = "deliver", 512, "r"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:deliver"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


def test_nothing_waits_on_a_queue_for_longer_than_the_alarm_knows() -> None:
    assert queues.Entry({}, delay_s=queues.MOST_DELAY_S).delay_s == 90
    for delay_s in (queues.MOST_DELAY_S + 1, -1):
        with pytest.raises(ValueError, match="schedule"):
            queues.Entry({}, delay_s=delay_s)
