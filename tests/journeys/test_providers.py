"""Channels of other people: signed in, answered, sent out, and what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from chalicelib.ports import signing
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard, Outside, serving


@pytest.fixture
def provider() -> Iterator[Outside]:
    with serving() as provider:
        provider.answer = lambda heard: (200, {"id": f"p{len(provider.heard)}"})
        yield provider


@pytest.fixture
def custom(deployment: Deployment, provider: Outside) -> dict[str, Any]:
    service = deployment.made["care"]["id"]
    return deployment.make(
        "channels", service_id=service, kind="custom", name="own", settings={"send_url": provider.url}
    )


def post(
    deployment: Deployment, channel: dict[str, Any], body: Any, *, secret: str = "", at: int | None = None
) -> tuple[int, Any]:
    raw = json.dumps(body).encode()
    secret = secret or channel["secrets"]["signing_secret"]
    headers = signing.headers([secret], id="x1", at_ms=at or int(time.time() * 1000), body=raw)
    answer = deployment.call("POST", channel["webhook_url"], raw, headers=headers)
    deployment.cloud.pump()
    return answer


def message(text: str, id: str = "c1") -> dict[str, Any]:
    return {"type": "message", "id": id, "from": "user-7", "name": "Uma", "text": text}


def echo_bot(heard: Heard) -> tuple[int, Any]:
    event = heard.json
    said = {
        "eventid": "1001",
        "conversation_id": event.get("Conversationid"),
        "message": f"you said {event.get('Message')}",
    }
    return 200, {"token": TOKEN, "events": [said] if event["Event"] == "Incoming message" else []}


def test_in_out_and_status(deployment: Deployment, custom: dict[str, Any], provider: Outside) -> None:
    deployment.bot.answer = echo_bot
    assert post(deployment, custom, message("hi"))[0] == 202
    (sent,) = provider.heard
    assert sent.json["to"] == "user-7" and sent.json["text"] == "you said hi"
    assert signing.verify([custom["secrets"]["signing_secret"]], sent.headers, sent.raw, now_ms=int(time.time() * 1000))
    assert deployment.bot.events()[0]["Channel"] == "Custom" and deployment.bot.events()[0]["Contact"]["name"] == "Uma"
    assert post(deployment, custom, {"type": "status", "id": "p1", "status": "read"})[0] == 202
    receipt = deployment.bot.events()[-1]
    assert (receipt["Event"], receipt["DeliveryStatus"]) == ("Message Delivery", "Read")
    assert post(deployment, custom, {"type": "status", "id": "p1", "status": "delivered"})[0] == 202
    assert deployment.bot.events()[-1] == receipt, "a receipt that comes late says nothing new"


def test_the_same_message_twice_is_once(deployment: Deployment, custom: dict[str, Any]) -> None:
    for _ in range(2):
        assert post(deployment, custom, message("hi"))[0] == 202
    assert post(deployment, custom, [message("two", "c2"), message("hi", "c1")])[0] == 202
    assert [event["Message"] for event in deployment.bot.events()] == ["hi", "two"]


def test_wrong_stale_and_missing_signatures(deployment: Deployment, custom: dict[str, Any]) -> None:
    now = int(time.time() * 1000)
    assert post(deployment, custom, message("x"), secret=signing.new_secret())[0] == 401
    assert post(deployment, custom, message("x"), at=now - 6 * 60_000)[0] == 401
    assert deployment.call("POST", custom["webhook_url"], message("x"))[0] == 401
    deployment.cloud.pump()
    assert deployment.bot.events() == []


def test_a_refusal_is_the_messages_end_and_the_bot_hears(
    deployment: Deployment, custom: dict[str, Any], provider: Outside
) -> None:
    deployment.bot.answer = echo_bot
    provider.answer = lambda heard: (400, {"error": {"code": "blocked", "reason": "the user blocked you"}})
    post(deployment, custom, message("hi"))
    receipt = deployment.bot.events()[-1]
    assert (receipt["Event"], receipt["DeliveryStatus"]) == ("Message Delivery", "Failed")
    assert "blocked" in receipt["Description"]
    conversation = deployment.bot.events()[0]["Conversationid"]
    status, listed = deployment.call("GET", f"/v1/messages?conversation_id={conversation}")
    assert status == 200
    failed = next(row for row in listed["data"] if row["direction"] == "out")
    assert failed["state"] == "failed" and failed["error"]["code"] == "blocked"


def test_a_status_that_overtakes_our_own_answer_is_kept(
    deployment: Deployment, custom: dict[str, Any], provider: Outside
) -> None:
    assert post(deployment, custom, {"type": "status", "id": "p1", "status": "delivered"})[0] == 202
    deployment.bot.answer = echo_bot
    post(deployment, custom, message("hi"))
    from chalicelib.steps import fire_timer

    body = {
        "kind": "status", "channel": custom["id"], "channel_kind": "custom", "service": deployment.ids["care"],
        "state": "delivered", "provider_id": "p1", "at": int(time.time() * 1000), "error": None,
    }  # fmt: skip
    fire_timer.handle(body)
    deployment.cloud.pump()
    assert deployment.bot.events()[-1]["DeliveryStatus"] == "Delivered"


def test_a_changed_secret_works_at_once_and_the_old_one_for_ten_seconds(
    traveller: time_machine.Traveller, deployment: Deployment, custom: dict[str, Any]
) -> None:
    assert post(deployment, custom, message("one", "c1"))[0] == 202
    old, new = custom["secrets"]["signing_secret"], signing.new_secret()
    traveller.shift(1)
    path = f"/v1/channels/{custom['id']}"
    assert deployment.call("PATCH", path, {"secrets": {"signing_secret": new}})[0] == 200
    assert post(deployment, custom, message("two", "c2"), secret=old)[0] == 202, "by the row that the process keeps"
    assert post(deployment, custom, message("three", "c3"), secret=new)[0] == 202
    assert post(deployment, custom, message("four", "c4"), secret=old)[0] == 401
    traveller.shift(11)
    assert post(deployment, custom, message("five", "c5"), secret=new)[0] == 202
    assert [event["Message"] for event in deployment.bot.events()] == ["one", "two", "three", "five"]


def test_a_removed_channel_takes_messages_for_ten_seconds_at_most(
    traveller: time_machine.Traveller, deployment: Deployment, custom: dict[str, Any]
) -> None:
    assert post(deployment, custom, message("one"))[0] == 202
    assert deployment.call("DELETE", f"/v1/channels/{custom['id']}")[0] == 204
    wrong = signing.new_secret()
    assert post(deployment, custom, message("two"), secret=wrong)[0] == 404, "a refused call is judged anew"
    assert deployment.call("GET", f"/v1/channels/{custom['id']}")[0] == 404
    traveller.shift(11)
    assert post(deployment, custom, message("three"))[0] == 404
