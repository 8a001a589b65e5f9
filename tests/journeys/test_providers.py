"""Channels of other people: signed in, answered, sent out, and what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.ports import signing
from tests.journeys.conftest import TOKEN, Town
from tests.outside import Heard, Outside, serving


@pytest.fixture
def provider() -> Iterator[Outside]:
    with serving() as provider:
        provider.answer = lambda heard: (200, {"id": f"p{len(provider.heard)}"})
        yield provider


@pytest.fixture
def custom(town: Town, provider: Outside) -> dict[str, Any]:
    service = town.made["care"]["id"]
    return town.make("channels", service_id=service, kind="custom", name="own", settings={"send_url": provider.url})


def post(town: Town, channel: dict[str, Any], body: Any, *, secret: str = "", at: int | None = None) -> tuple[int, Any]:
    raw = json.dumps(body).encode()
    secret = secret or channel["secrets"]["signing_secret"]
    headers = signing.headers([secret], id="x1", at_ms=at or int(time.time() * 1000), body=raw)
    answer = town.call("POST", channel["webhook_url"], raw, headers=headers)
    town.cloud.pump()
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


def test_in_out_and_status(town: Town, custom: dict[str, Any], provider: Outside) -> None:
    town.bot.answer = echo_bot
    assert post(town, custom, message("hi"))[0] == 202
    (sent,) = provider.heard
    assert sent.json["to"] == "user-7" and sent.json["text"] == "you said hi"
    assert signing.verify([custom["secrets"]["signing_secret"]], sent.headers, sent.raw, now_ms=int(time.time() * 1000))
    assert town.bot.events()[0]["Channel"] == "Custom" and town.bot.events()[0]["Contact"]["name"] == "Uma"
    assert post(town, custom, {"type": "status", "id": "p1", "status": "read"})[0] == 202
    receipt = town.bot.events()[-1]
    assert (receipt["Event"], receipt["DeliveryStatus"]) == ("Message Delivery", "Read")
    assert post(town, custom, {"type": "status", "id": "p1", "status": "delivered"})[0] == 202
    assert town.bot.events()[-1] == receipt, "a receipt that comes late says nothing new"


def test_the_same_message_twice_is_once(town: Town, custom: dict[str, Any]) -> None:
    for _ in range(2):
        assert post(town, custom, message("hi"))[0] == 202
    assert post(town, custom, [message("two", "c2"), message("hi", "c1")])[0] == 202
    assert [event["Message"] for event in town.bot.events()] == ["hi", "two"]


def test_wrong_stale_and_missing_signatures(town: Town, custom: dict[str, Any]) -> None:
    now = int(time.time() * 1000)
    assert post(town, custom, message("x"), secret=signing.new_secret())[0] == 401
    assert post(town, custom, message("x"), at=now - 6 * 60_000)[0] == 401
    assert town.call("POST", custom["webhook_url"], message("x"))[0] == 401
    town.cloud.pump()
    assert town.bot.events() == []


def test_a_refusal_is_the_messages_end_and_the_bot_hears(town: Town, custom: dict[str, Any], provider: Outside) -> None:
    town.bot.answer = echo_bot
    provider.answer = lambda heard: (400, {"error": {"code": "blocked", "reason": "the user blocked you"}})
    post(town, custom, message("hi"))
    receipt = town.bot.events()[-1]
    assert (receipt["Event"], receipt["DeliveryStatus"]) == ("Message Delivery", "Failed")
    assert "blocked" in receipt["Description"]
    conversation = town.bot.events()[0]["Conversationid"]
    status, listed = town.call("GET", f"/v1/messages?conversation_id={conversation}")
    assert status == 200
    failed = next(row for row in listed["data"] if row["direction"] == "out")
    assert failed["state"] == "failed" and failed["error"]["code"] == "blocked"


def test_a_status_that_overtakes_our_own_answer_is_kept(town: Town, custom: dict[str, Any], provider: Outside) -> None:
    assert post(town, custom, {"type": "status", "id": "p1", "status": "delivered"})[0] == 202
    town.bot.answer = echo_bot
    post(town, custom, message("hi"))
    from chalicelib.steps import fire_timer

    body = {
        "kind": "status", "channel": custom["id"], "channel_kind": "custom", "service": town.ids["care"],
        "state": "delivered", "provider_id": "p1", "at": int(time.time() * 1000), "error": None,
    }  # fmt: skip
    fire_timer.handle(body)
    town.cloud.pump()
    assert town.bot.events()[-1]["DeliveryStatus"] == "Delivered"
