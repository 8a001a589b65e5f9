"""What our own code cannot do is buried where a person finds it, and nothing else waits for it or goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.thread import thread_id
from chalicelib.ports import queues, redelivery
from chalicelib.ports.queues import Entry
from chalicelib.tables import messages
from chalicelib.tables.failures import ALL, Failure
from chalicelib.tables.messages import MessageRow
from chalicelib.tables.threads import ThreadRow
from infra import limits
from tests.cloud import Cloud, Context, taps
from tests.crash.stage import Stage, staged


@pytest.fixture(scope="module")
def _stage(_cloud: Callable[[], Cloud]) -> Iterator[tuple[Stage, dict[str, Any]]]:
    with staged(_cloud()) as stage:
        yield stage, stage.moment()


@pytest.fixture
def stage(_stage: tuple[Stage, dict[str, Any]]) -> Stage:
    _stage[0].put_back(_stage[1])
    return _stage[0]


def event(stage: Stage, address: str, text: str, **changed: Any) -> dict[str, Any]:
    """A customer's message as the edge queues it."""
    channel = stage.deployment.ids["chat"]
    thread = thread_id(channel, address)
    body = {"content": {"type": "text", "text": text}}
    plain = {"id": f"ev_{address}.{text}", "kind": "customer.message", "thread": thread, "at": 1_795_262_400_000}
    plain |= {
        "service": stage.deployment.ids["care"],
        "channel": channel,
        "channel_kind": "webchat",
        "address": address,
    }
    return plain | {"body": body} | changed


def record(body: str, id: str, group: str, queue: str = "threads.fifo") -> dict[str, Any]:
    """A record of a queue as Lambda hands it over."""
    return {
        "messageId": id,
        "receiptHandle": "r",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": group},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "awsRegion": "eu-central-1",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:parley-test-{queue}",
    }


def failures() -> list[Failure]:
    return list(Failure.query(ALL))


def said(stage: Stage, address: str) -> list[str]:
    return [one.content.text for one in messages.after(thread_id(stage.deployment.ids["chat"], address), 0, limit=50)]


def test_one_bad_event_holds_up_its_thread_alone_and_not_for_ever(stage: Stage) -> None:
    for address, text, changed in (
        ("a", "one", {}),
        ("a", "bad", {"kind": "unheard of"}),
        ("a", "two", {}),
        ("b", "fine", {}),
    ):
        body = event(stage, address, text, **changed)
        queues.send("threads.fifo", [Entry(body, group=body["thread"], dedup=body["id"])])
    stage.cloud.pump()
    assert (said(stage, "a"), said(stage, "b")) == (["one"], ["fine"]), "behind the bad one its thread waits in order"
    stage.settle()
    assert said(stage, "a") == ["one", "two"]
    (buried,) = failures()
    assert (buried.step, buried.body["kind"]) == ("converse", "unheard of")
    assert buried.group == thread_id(stage.deployment.ids["chat"], "a")
    assert redelivery.MAX_RECEIVES == limits.MAX_RECEIVES


@pytest.mark.parametrize(("failing", "seconds"), [("converse", 15), ("deliver", 15)])
def test_what_fails_comes_again_within_seconds_and_in_order(stage: Stage, failing: str, seconds: int) -> None:
    """AWS is out of order twice in a row: nobody waits for the queue's own timeout, which is minutes."""
    broken, hears = {"runs": 0}, taps.listen
    assert hears is not None

    def breaks(side: str, operation: str) -> None:
        if stage.cloud.step == failing and side == "before" and operation != "ChangeMessageVisibilityBatch":
            broken["runs"] += 1
            if broken["runs"] <= 2:
                raise ConnectionError("AWS is out of order")
        hears(side, operation)

    taps.listen = breaks
    try:
        stage.visitor_says("one", "w1")
        stage.visitor_says("two", "w2")
        stage.cloud.pump()
        for _ in range(seconds):
            stage.traveller.shift(1)
            stage.cloud.pump()
    finally:
        taps.listen = hears
    assert broken["runs"] > 2 and not stage.cloud.hidden()
    assert [event["Message"] for event in stage.deployment.bot.events()] == ["one", "two"]


def test_what_a_dead_letter_left_half_done_is_done_by_the_next_event_of_its_thread(stage: Stage) -> None:
    hears = taps.listen
    assert hears is not None

    def breaks(side: str, operation: str) -> None:
        threads_ = ThreadRow.Meta.table_name.encode()
        if stage.cloud.step == "converse" and side == "before" and operation == "PutItem" and threads_ in taps.asked:
            raise ConnectionError("AWS is out of order")
        hears(side, operation)

    taps.listen = breaks
    try:
        stage.visitor_says("one", "w1")
        stage.settle()
    finally:
        taps.listen = hears
    (buried,) = failures()
    assert buried.step == "converse" and list(ThreadRow.scan()) == []
    stage.visitor_says("two", "w2")
    stage.settle()
    (person,) = stage.deployment.call("GET", f"/v1/contacts?service_id={stage.deployment.ids['care']}")[1]["data"]
    assert list(person["conversations"].values()) == ["webchat"]
    timeline = f"/v1/contacts/{person['id']}/timeline"
    heard = [one["text"] for one in stage.deployment.call("GET", timeline)[1]["data"]]
    assert sorted(text for text in heard if text in ("one", "two")) == ["one", "two"]
    assert stage.deployment.call("POST", f"/v1/failures/{buried.id}/replay", {})[0] < 300
    stage.settle()
    assert [one["text"] for one in stage.deployment.call("GET", timeline)[1]["data"]] == heard


def test_a_wait_grows_with_each_failure_and_covers_ten_minutes() -> None:
    waits = [redelivery.wait_s(received) for received in range(1, redelivery.MAX_RECEIVES)]
    assert sorted(redelivery.WAITS_S) == list(redelivery.WAITS_S) and sum(waits) >= 600
    assert all(base <= wait <= base * 1.2 + 1 for base, wait in zip(redelivery.WAITS_S, waits, strict=True))
    assert redelivery.wait_s(99) >= redelivery.WAITS_S[-1] and max(waits) < 12 * 3600, "what SQS takes"


def test_other_threads_of_the_same_batch_are_done(stage: Stage) -> None:
    good = event(stage, "b", "fine")
    records = [record("{no json", "m1", "th_x"), record(json.dumps(good), "m2", good["thread"])]
    answer = stage.cloud.app.converse({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert said(stage, "b") == ["fine"]


@pytest.mark.parametrize("step", ["deliver", "send", "retry_delivery", "retry_send"])
def test_other_lanes_of_the_same_batch_are_done(stage: Stage, step: str) -> None:
    good = {"lane": "nothing-here", "head": "1", "attempt": 1} if "retry" in step else {"lane": "nothing-here"}
    records = [record(body, f"m{at}", "g") for at, body in enumerate(("{no json", "{}", "[]", json.dumps(good)))]
    answer = getattr(stage.cloud.app, step)({"Records": records}, Context())
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == ["m0", "m1", "m2"]


@pytest.mark.parametrize(
    "body",
    [
        "{no json",
        "[1, 2]",
        '"text"',
        "",
        '{"n": 1e400}',
        '{"n": ' + "9" * 60 + "}",
        '{"text": "' + "x" * 500_000 + '"}',
    ],
    ids=["malformed", "array", "text", "empty", "infinite", "too many digits", "too large for a row"],
)
def test_whatever_a_dead_letter_holds_it_is_recorded(stage: Stage, body: str) -> None:
    answer = stage.cloud.app.bury({"Records": [record(body, "m1", "g", "threads-dead.fifo")]}, Context())
    assert answer == {"batchItemFailures": []}
    (buried,) = failures()
    assert (buried.step, buried.queue, buried.group) == ("converse", "threads.fifo", "g")
    assert body.startswith(buried.body["unreadable"])


def test_a_change_that_cannot_be_fanned_out_does_not_take_others_along(stage: Stage) -> None:
    for address in "abcdefg":
        body = event(stage, address, "hello")
        queues.send("threads.fifo", [Entry(body, group=body["thread"], dedup=body["id"])])
    stage.cloud._queues_once()
    row = MessageRow.get(thread_id(stage.deployment.ids["chat"], "d"), 1)
    position = next(
        at
        for at, change in enumerate(stage.cloud._stream_records())
        if change["eventName"] == "INSERT" and change["dynamodb"]["Keys"]["thread"]["S"] == row.thread
    )
    spoil(stage, position)
    stage.settle()
    heard = {told["Contact"]["id"] for told in stage.deployment.bot.events()}
    assert len(stage.deployment.bot.events()) == len(heard) == 6, "all but the one"
    (buried,) = failures()
    assert (buried.step, buried.body["thread"], buried.body["seq"]) == ("fan_out", row.thread, 1)


def spoil(stage: Stage, position: int) -> None:
    """Have the stream hold something that fan_out cannot read."""
    from tests.cloud import _moto_table

    shard = _moto_table(stage.cloud._table("messages")).stream_shard
    for name in list(shard.items[position].record["dynamodb"]["NewImage"]):
        if name not in ("thread", "seq"):
            del shard.items[position].record["dynamodb"]["NewImage"][name]
