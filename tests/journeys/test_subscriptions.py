"""Outside systems hear what happens: verified, signed, in order, through failures, and on the event bus."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from chalicelib.domain.platform_event import EVENTS
from chalicelib.ports import bus, signing
from tests.cloud import Cloud, _moto_table
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Outside, serving


@pytest.fixture
def crm(deployment: Deployment) -> Iterator[Outside]:
    """A system that hears everything there is to hear."""
    with serving() as outside:
        service = deployment.ids["care"]
        subscribed = deployment.make(
            "subscriptions",
            service_id=service,
            name="crm",
            url=outside.url,
            events=list(EVENTS),
            headers={"X-Crm": "7"},
        )
        assert subscribed["status"] == "unverified" and subscribed["hears_since"] is None
        assert subscribed["url"] == outside.url and "webhook_url" not in subscribed and "token_hash" not in subscribed
        deployment.says("before anybody listens")
        deployment.verify("subscriptions", "crm")
        deployment.cloud.pump()
        outside.forget()
        deployment.bot.forget()
        yield outside


def types(outside: Outside) -> list[str]:
    return [event["type"] for event in outside.events()]


def of_type(outside: Outside, type: str) -> list[dict[str, Any]]:
    return [event["data"] for event in outside.events() if event["type"] == type]


def test_what_happens_on_a_thread_is_told_in_order(deployment: Deployment, crm: Outside) -> None:
    message = deployment.says("hello")
    (created,) = of_type(crm, "message.created")
    heard = crm.heard[0]
    assert created["message"]["id"] == message and created["message"]["text"] == "hello"
    assert created["message"]["state"] == "received" and created["message"]["from_contact"] is True
    assert created["channel_id"] == deployment.ids["chat"] and created["contact_id"] == created["message"]["contact_id"]
    assert created["conversation_id"] == created["message"]["conversation_id"]
    assert heard.headers["x-crm"] == "7" and heard.headers["x-parley-attempt"] == "1"
    secret = deployment.made["crm"]["signing_secret"]
    assert signing.verify([secret], heard.headers, heard.raw, now_ms=time.time_ns() // 10**6)

    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "hi"})
    deployment.sees()
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    deployment.desk_posts({"type": "chat.accepted", "conversation_id": chat, "agent": {"id": "7", "name": "Ana"}})
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"})
    said = [event for event in crm.events() if event["type"].startswith("message.")]
    assert [(one["type"], one["data"]["message"]["text"]) for one in said] == [
        ("message.created", "hello"),
        ("message.created", "hi"),
        ("message.status", "hi"),
    ]
    assert said[-1]["data"]["status"] == said[-1]["data"]["message"]["state"] == "delivered"
    story = [one for one in types(crm) if one.startswith(("conversation.", "handover."))]
    assert story == [
        "conversation.opened",
        "handover.started",
        "handover.accepted",
        "conversation.closed",
        "handover.ended",
    ]
    (ended,) = of_type(crm, "handover.ended")
    assert ended["outcome"] == "solved" and ended["agent"] == {"id": "7", "name": "Ana"}
    assert ended["conversation"]["id"] == chat and ended["conversation"]["desk_id"] == deployment.ids["desk"]
    assert ended["conversation"]["state"] == "closed" and ended["conversation"]["bot_id"] is None
    shown = deployment.call("GET", f"/v1/conversations/{chat}")[1]
    assert ended["conversation"].items() <= shown.items()

    # Each can be found again, by where it went and by what it was about.
    status, page = deployment.call("GET", f"/v1/deliveries?subscription_id={deployment.ids['crm']}&limit=100")
    assert status == 200 and len(page["data"]) == len(crm.events())
    assert {one["status"] for one in page["data"]} == {"delivered"}
    for one in page["data"]:
        assert deployment.call("GET", f"/v1/deliveries/{one['id']}") == (200, one)
    about = deployment.call("GET", f"/v1/deliveries?message_id={message}")[1]["data"]
    assert {one["destination_id"] for one in about} == {deployment.ids["crm"], deployment.ids["bot"]}
    about = deployment.call("GET", f"/v1/deliveries?conversation_id={chat}")[1]["data"]
    assert len([one for one in about if one["destination_id"] == deployment.ids["crm"]]) == 5


def test_a_hand_over_that_nobody_takes(deployment: Deployment, crm: Outside) -> None:
    with time_machine.travel(time.time(), tick=True) as traveller:
        deployment.call("PATCH", f"/v1/desks/{deployment.ids['desk']}", {"accept_within_s": 5})
        deployment.says("hello")
        conversation = deployment.bot.events()[0]["Conversationid"]
        deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
        traveller.shift(70)
        deployment.cloud.release()
        (failed,) = of_type(crm, "handover.failed")
        assert failed["outcome"] == "not_accepted" and failed["conversation"]["desk_id"] == deployment.ids["desk"]
        # Nor is there anybody to offer it to: no conversation of a desk's came into being at all.
        deployment.call("PATCH", f"/v1/desks/{deployment.ids['desk']}", {"suspended": True})
        deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
        failed = of_type(crm, "handover.failed")[1]
        assert failed["conversation"] is None and failed["reason"] == "no desk is available"
        assert failed["conversation_id"] == conversation
    assert "handover.ended" not in types(crm)


def test_events_are_chosen_by_type_source_and_condition(deployment: Deployment) -> None:
    service = deployment.ids["care"]
    with serving() as loud, serving() as other, serving() as gone:
        when = {"in": ["refund", {"var": "message.text"}]}
        wants: dict[str, dict[str, Any]] = {
            "loud": {"url": loud.url, "events": ["message.created"], "when": when},
            "other": {"url": other.url, "events": ["message.created", "endpoint.enabled"], "sources": ["whatsapp"]},
            "gone": {"url": gone.url, "events": ["message.created"]},
        }
        for name, wanted in wants.items():
            deployment.make("subscriptions", service_id=service, name=name, **wanted)
            deployment.verify("subscriptions", name)
        deployment.says("hello")
        deployment.says("I want a refund")
        assert [event["data"]["message"]["text"] for event in loud.events()] == ["I want a refund"]
        assert types(gone) == ["message.created"] * 2
        assert deployment.call("DELETE", f"/v1/subscriptions/{deployment.ids['gone']}")[0] == 204
        deployment.says("hello again")
        assert len(gone.events()) == 2
        # What is about no message comes from no source, and is not kept back for want of one.
        deployment.call(
            "PATCH", f"/v1/bots/{deployment.ids['bot']}", {"verification_token": TOKEN, "headers": {"X-New": "1"}}
        )
        deployment.verify("bots", "bot")
        deployment.cloud.pump()
        assert set(types(other)) == {"endpoint.enabled"}
        assert [one["id"] for one in of_type(other, "endpoint.enabled")][-1] == deployment.ids["bot"]


def test_a_failing_subscription_waits_is_switched_off_and_comes_back_in_order(
    deployment: Deployment, crm: Outside
) -> None:
    with time_machine.travel(time.time(), tick=True) as traveller, serving() as watch:
        service = deployment.ids["care"]
        events = ["endpoint.failing", "endpoint.disabled", "endpoint.enabled", "delivery.failed"]
        deployment.make("subscriptions", service_id=service, name="watch", url=watch.url, events=events)
        deployment.verify("subscriptions", "watch")
        deployment.call(
            "PATCH",
            f"/v1/subscriptions/{deployment.ids['crm']}",
            {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}},
        )
        crm.answer = lambda heard: (500, {})
        deployment.says("one")
        deployment.says("two")
        for _ in range(5):
            traveller.shift(61)
            deployment.cloud.release()
        assert deployment.call("GET", f"/v1/subscriptions/{deployment.ids['crm']}")[1]["status"] == "inactive"
        told = [(event["type"], event["data"]["id"]) for event in watch.events()]
        assert told == [
            ("endpoint.failing", deployment.ids["crm"]),
            ("endpoint.failing", deployment.ids["crm"]),
            ("endpoint.disabled", deployment.ids["crm"]),
        ]
        assert [event["data"].get("failures") for event in watch.events()] == [1, 3, None]
        assert watch.events()[0]["data"]["name"] == "crm" and watch.events()[0]["data"]["kind"] == "subscription"
        assert (
            deployment.call("POST", f"/v1/subscriptions/{deployment.ids['crm']}/verify")[1]["code"] == "edit_required"
        )
        crm.answer = lambda heard: (200, {})
        crm.forget()
        deployment.call("PATCH", f"/v1/subscriptions/{deployment.ids['crm']}", {})
        deployment.verify("subscriptions", "crm")
        deployment.cloud.pump()
        texts = [one["message"]["text"] for one in of_type(crm, "message.created")]
        assert texts == ["one", "two"]
        assert types(watch)[-1] == "endpoint.enabled"
        # A message that its bot cannot take is given up, and that is told to all but who did not take it.
        deployment.bot.answer = lambda heard: (500, {})
        deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"retry": {"waits_s": [1]}})
        message = deployment.says("three")
        traveller.shift(61)
        deployment.cloud.release()
        (lost,) = of_type(watch, "delivery.failed")
        assert lost["destination_id"] == deployment.ids["bot"] and lost["message_id"] == message
        assert (lost["error"], lost["status"], lost["attempts"]) == ("http_500", "failed", 2)
        assert of_type(crm, "delivery.failed") == [lost]


def test_contacts_are_told_and_their_threads_know_them_as_they_stand(deployment: Deployment, crm: Outside) -> None:
    from chalicelib.tables import contacts, merging, threads

    deployment.says("hello")
    service, now = deployment.ids["care"], int(time.time() * 1000)
    mine = of_type(crm, "message.created")[0]["contact_id"]
    thread_id = of_type(crm, "message.created")[0]["message"]["thread_id"]
    contacts.find_or_create(service, [("email", "uma@example.org")], name="Uma", now_ms=now)
    deployment.cloud.pump()
    (created,) = of_type(crm, "contact.created")
    assert created["contact"]["identities"] == [{"kind": "email", "value": "uma@example.org"}]
    shown = deployment.call("GET", f"/v1/contacts/{created['contact']['id']}")[1]
    assert shown.pop("conversations") == {} and shown == created["contact"]

    merge_id, _ = merging.merge(created["contact"]["id"], mine, by="test", now_ms=now)
    deployment.cloud.pump()
    (merged,) = of_type(crm, "contact.merged")
    assert merged == {"contact_id": created["contact"]["id"], "from": mine, "merge_id": merge_id}
    assert mine in of_type(crm, "contact.updated")[-1]["contact"]["merged_ids"]
    thread = threads.get(thread_id)
    assert thread is not None and thread.contact["id"] == created["contact"]["id"]
    assert (thread.contact["person"], thread.contact["name"]) == (mine, "Uma")
    deployment.says("and now?")
    assert of_type(crm, "message.created")[-1]["contact_id"] == created["contact"]["id"]

    merging.unmerge(created["contact"]["id"], merge_id, by="test", now_ms=now)
    deployment.cloud.pump()
    thread = threads.get(thread_id)
    assert thread is not None and thread.contact["id"] == mine and "person" not in thread.contact
    assert "contact.merged" not in types(crm)[types(crm).index("contact.merged") + 1 :]


@pytest.fixture
def consumer(deployment: Deployment) -> Iterator[Any]:
    """A queue behind a rule of the bus; gives what came."""
    sqs, events = deployment.cloud.clients["sqs"], deployment.cloud.clients["events"]
    queue = sqs.create_queue(QueueName="consumer")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {"Name": "all", "EventBusName": "parley-test"}
    events.put_rule(**rule, EventPattern=json.dumps({"source": ["parley"]}))
    events.put_targets(Rule="all", EventBusName="parley-test", Targets=[{"Id": "1", "Arn": arn}])
    bus.forget()

    def came() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found

    yield came
    events.remove_targets(Rule="all", EventBusName="parley-test", Ids=["1"])
    events.delete_rule(**rule)
    sqs.delete_queue(QueueUrl=queue)


def test_the_same_events_are_cloudevents_on_the_bus(deployment: Deployment, consumer: Any) -> None:
    message = deployment.says("hello")
    deployment.bot_posts({"eventid": "1003", "conversation_id": deployment.bot.events()[0]["Conversationid"]})
    came = {envelope["detail-type"]: envelope["detail"] for envelope in consumer()}
    # Those of verifying the deployment came too: they were in the stream and not yet announced.
    opened = {"message.created", "conversation.opened", "conversation.closed", "contact.created"}
    assert set(came) == opened | {"endpoint.enabled"}
    told = came["message.created"]
    assert told["specversion"] == "1.0" and told["datacontenttype"] == "application/json"
    assert told["type"] == "parley.message.created" and told["source"] == f"/parley/{deployment.ids['care']}"
    assert told["subject"] == message and told["data"]["message"]["text"] == "hello"
    assert len({one["id"] for one in came.values()}) == 5
    assert came["conversation.closed"]["time"] == came["conversation.closed"]["data"]["conversation"]["closed_at"]


def test_nothing_is_put_while_nobody_listens(deployment: Deployment, cloud: Cloud) -> None:
    from tests.cloud import taps

    called: list[str] = []
    taps.listen = lambda side, name: called.append(name) if side == "before" else None
    try:
        deployment.says("hello")
        deployment.says("hello")
    finally:
        taps.listen = None
    assert "PutEvents" not in called and called.count("ListRules") == 1
    assert not _moto_table(cloud._table("failures")).items


def test_what_the_bus_does_not_take_is_put_later(deployment: Deployment, consumer: Any) -> None:
    from tests.cloud import taps

    def refuse(side: str, name: str) -> None:
        if side == "before" and name == "PutEvents":
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url="events")

    with time_machine.travel(time.time(), tick=True) as traveller:
        taps.listen = refuse
        try:
            deployment.says("hello")
        finally:
            taps.listen = None
        assert deployment.bot.events(), "the message went its way"
        assert consumer() == []
        traveller.shift(61)
        deployment.cloud.pump()
        assert "message.created" in {envelope["detail-type"] for envelope in consumer()}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"events": []}, "/events"),
    ({"events": ["message.created", "message.gone"]}, "/events/1"),
    ({"events": "message.created"}, "/events"),
    ({"url": "ftp://example.org"}, "/url"),
    ({"url": None}, "/url"),
    ({"when": {"==": [{"var": "message.txt"}, 1]}}, "/when/=="),
    ({"sources": [""]}, "/sources/0"),
    ({"context": {"recent_messages": {"limit": 0}}}, "/context/recent_messages/limit"),
    ({"headers": {"webhook-id": "x"}}, "/headers"),
    ({"max_age_s": 0}, "/max_age_s"),
    ({"retry": {"waits_s": [4000]}}, "/retry/waits_s"),
    ({"webhook_url": "https://example.org"}, "/webhook_url"),
    ({"since": 1}, "/since"),
]


def test_every_wrong_field_is_named_and_the_rest_is_as_bots(deployment: Deployment) -> None:
    service, url = deployment.ids["care"], deployment.desk.url
    good = {"service_id": service, "url": url, "events": ["message.created"]}
    for wrong, path in WRONG:
        status, answer = deployment.call("POST", "/v1/subscriptions", good | wrong)
        assert status == 422 and answer["errors"][0]["path"].startswith(path), (wrong, answer)
    assert deployment.call("POST", "/v1/subscriptions", {"service_id": service})[0] == 422

    status, made = deployment.call("POST", "/v1/subscriptions", good | {"events": ["message.created"] * 2})
    assert status == 201 and made["events"] == ["message.created"] and made["max_age_s"] == 604_800
    path, secret = f"/v1/subscriptions/{made['id']}", made["signing_secret"]
    assert "signing_secret" not in deployment.call("GET", path)[1]
    assert deployment.call("POST", f"{path}/verify")[1]["status"] == "active"
    since = deployment.call("GET", path)[1]["hears_since"]
    assert since
    # Another list of events needs no other check; another URL does, and what happened since then is still heard.
    changed = deployment.call("PATCH", path, {"events": ["contact.created"], "name": "crm"})[1]
    assert (changed["status"], changed["name"], changed["hears_since"]) == ("active", "crm", since)
    assert "signing_secret" not in changed
    assert deployment.call("PATCH", path, {"url": url + "/2"})[1]["status"] == "unverified"
    assert deployment.call("PATCH", path, {"events": []})[0] == 422
    assert deployment.call("POST", f"{path}/rotate-secret", {"overlap_s": 60})[1]["signing_secret"] != secret
    # Bundles know them by name.
    bundle = {"service_id": service, "subscriptions": [{"name": "crm", "url": url, "events": ["message.created"]}]}
    assert [one["name"] for one in deployment.call("POST", "/v1/apply", bundle)[1]["updated"]] == ["crm"]
    assert not deployment.call("POST", "/v1/apply", bundle)[1]["updated"]


def test_recent_messages_come_with_a_delivery_and_are_the_same_in_a_retry(deployment: Deployment) -> None:
    service = deployment.ids["care"]
    context = {"recent_messages": {"sources": ["webchat"], "limit": 3}}
    with time_machine.travel(time.time(), tick=True) as traveller, serving() as crm:
        deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"context": context, "retry": {"waits_s": [1]}})
        deployment.make(
            "subscriptions", service_id=service, name="crm", url=crm.url, events=["message.created"], context=context
        )
        deployment.verify("subscriptions", "crm")
        for text in ("one", "two", "three", "four"):
            traveller.shift(1)
            deployment.says(text)
        first, *_, last = deployment.bot.events()
        assert first["Context"] == {"recent_messages": [], "truncated": False}
        assert [one["text"] for one in last["Context"]["recent_messages"]] == ["three", "two", "one"]
        assert last["Context"]["truncated"] is False
        assert crm.events()[-1]["data"]["context"] == last["Context"]
        # What was said meanwhile is not news to the message that waits.
        deployment.bot.answer = lambda heard: (
            (500, {}) if len(deployment.bot.events()) == 5 else (200, {"token": TOKEN})
        )
        traveller.shift(1)
        deployment.says("five")
        deployment.says("six")
        traveller.shift(61)
        deployment.cloud.release()
        failed, again = (event for event in deployment.bot.events() if event["Message"] == "five")
        assert failed == again and again["Context"]["recent_messages"][0]["text"] == "four"
        # A long story is cut, and says so.
        for _ in range(3):
            deployment.says("x" * 12_000)
        deployment.says("last")
        last = deployment.bot.events()[-1]["Context"]
        assert last["truncated"] is True and len(last["recent_messages"]) == 2


def test_a_bot_that_wants_no_copies_of_a_source_still_hears_what_it_owns(deployment: Deployment) -> None:
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"sources": ["whatsapp"]})
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    deployment.says("to the person")
    assert [event["Message"] for event in deployment.bot.events()] == ["hello"]
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat})
    deployment.says("to the bot")
    assert [(event["Message"], event["Sequence"]) for event in deployment.bot.events()] == [
        ("hello", 1),
        ("to the bot", 2),
    ]


def test_what_could_not_be_announced_is_buried_and_told_again(deployment: Deployment, crm: Outside) -> None:
    from chalicelib.tables.failures import ALL, Failure

    deployment.says("hello")
    deployment.bot_posts({"eventid": "1003", "conversation_id": deployment.bot.events()[0]["Conversationid"]})
    crm.forget()
    arn = deployment.cloud.clients["dynamodb"].describe_table(TableName="parley-test-threads")["Table"][
        "LatestStreamArn"
    ]
    streams = deployment.cloud.clients["dynamodbstreams"].describe_stream(StreamArn=arn)["StreamDescription"]
    numbers = [one["dynamodb"]["SequenceNumber"] for one in deployment.cloud._stream_records("threads")]
    where = {"streamArn": arn, "shardId": streams["Shards"][0]["ShardId"], "batchSize": 1}
    where |= {"startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1]}
    letter = {
        "messageId": "m1",
        "body": json.dumps({"DDBStreamBatchInfo": where}),
        "attributes": {},
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:parley-test-announce-dead",
    }
    assert deployment.cloud.invoke("bury", {"Records": [letter]}) == {"batchItemFailures": []}
    failures = list(Failure.query(ALL))
    # Of the thread's own row nothing is buried: the conversation's beginning, and its end.
    assert {failure.step for failure in failures} == {"announce"} and len(failures) == 2
    for failure in failures:
        assert deployment.call("POST", f"/v1/failures/{failure.id}/replay")[0] in (200, 202)
    deployment.cloud.pump()
    assert sorted(types(crm)) == ["conversation.closed", "conversation.opened"]
