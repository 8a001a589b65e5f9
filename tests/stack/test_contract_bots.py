"""What a bot is told and may say (contract sections 1 and 2), beyond the plain way of a message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.outside import Answer, Heard, Outside, serving
from tests.stack.conftest import TOKEN, Deployment, Platform, Visitor, eventually, quiet

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

IMI_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d")
SEED = {
    "Conversationid", "ConversationType", "Message", "MessageType", "Messageid", "Media", "Channel", "Event",
    "Timestamp",
}  # fmt: skip
OURS = {"Sequence", "Author", "MessageSource", "Contact"}


def is_type(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("type") == name


def speaks(event: dict[str, Any]) -> bool:
    return event.get("Event") == "Incoming message"


@pytest.fixture(scope="module", autouse=True)
def poisoned(platform: Platform) -> Iterator[tuple[str, Outside]]:
    """A working bot that one message makes fail five times: it takes many seconds, so it begins with the first test."""
    with serving() as end:
        end.answer = lambda heard: (500, {}) if heard.json.get("Message") == "poison" else quiet(heard)
        service = platform.service()
        channel = platform.make("channels", service_id=service, kind="webchat", name="chat")
        bot = platform.make(
            "bots",
            service_id=service,
            name="b",
            webhook_url=end.url,
            retry={"waits_s": [1, 1, 1, 1], "inactive_after_s": 0},
        )
        platform.verify("bots", bot)
        platform.make("rules", service_id=service, name="r", to="bot", bot_id=bot["id"])
        visitor = Visitor(platform, channel["id"])
        visitor.says("poison")
        visitor.says("after it")
        yield bot["id"], end


def test_what_a_bot_is_posted_word_for_word(deployment: Deployment) -> None:
    platform = deployment.platform
    changed = {"headers": {"X-Tenant": "t1"}, "profile": "generic"}
    assert platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", changed).json["status"] == "unverified"
    visitor, other = deployment.visitor(), deployment.visitor()
    visitor.says("hello")
    held = eventually(lambda: platform.deliveries(bot_id=deployment.bot["id"], status="pending"), "it as pending")
    assert held[0]["attempts"] == [] and deployment.bot_end.heard == [], "an unverified bot is not used"
    platform.verify("bots", deployment.bot)
    event = deployment.bot_hears("what waited", speaks)
    assert event.keys() == SEED | OURS and IMI_TIME.fullmatch(event["Timestamp"])
    told = datetime.strptime(event["Timestamp"] + "0000", "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
    assert event["MessageSource"] == "webchat" and event["Contact"]["id"].startswith("ct_")
    assert all(heard.headers["x-tenant"] == "t1" for heard in deployment.bot_end.heard)
    visitor.says(postback="p1")
    pressed = deployment.bot_hears("the postback", lambda event: "PostbackPayload" in event)
    assert pressed.keys() == {"Conversationid", "ConversationType", "PostbackPayload", "Messageid", "Channel", "Event",
                              "Timestamp"} | OURS  # fmt: skip
    assert (pressed["Channel"], pressed["Event"], pressed["Sequence"]) == ("Webchat", "FB POSTBACK", 2)
    said = {"eventid": 1001, "conversation_id": event["Conversationid"], "message": "hi"}
    message = deployment.bot_posts(said).json["message_id"]
    visitor.sees("hi")
    receipt = deployment.bot_hears("the receipt", lambda event: "DeliveryStatus" in event)
    assert receipt.keys() == {"Conversationid", "ConversationType", "Messageid", "Channel", "Event", "Timestamp",
                              "DeliveryStatus", "MessageSource", "Contact"}  # fmt: skip
    assert (receipt["Messageid"], receipt["DeliveryStatus"]) == (message, "Delivered")
    conversation = deployment.conversation_with(other, "another visitor")
    assert conversation != event["Conversationid"], "one for each user"
    # Changing any of these makes the verification worthless.
    for change in (
        {"access_token": "a2"},
        {"verification_token": TOKEN + "2"},
        {"webhook_url": deployment.bot_end.url + "2"},
    ):
        platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", {"verification_token": TOKEN})
        platform.verify("bots", deployment.bot)
        assert platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", change).json["status"] == "unverified", change
    suspended = platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", {"suspended": True})
    assert suspended.json["status"] == "suspended"
    assert platform.call("POST", f"/v1/bots/{deployment.bot['id']}/verify").code == "suspended"


def test_what_a_bot_may_post(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    conversation = deployment.conversation_with(visitor)
    for n, (kind, names) in enumerate({
        1001: ("eventid", "conversation_id", "message"), "1001": ("EVENTID", "CONVERSATION_ID", "MESSAGE"),
        "Message": ("EventId", "Conversation_Id", "Message"), "MESSAGE": ("event", "conversationId", "message"),
        "message": ("Event", "ConversationID", "Message"),
    }.items()):  # fmt: skip
        assert deployment.bot_posts(dict(zip(names, (kind, conversation, f"m{n}"), strict=True))).status == 202, kind
    said = {"eventid": "1001", "conversation_id": conversation, "Timestamp": "2026-11-21 01:23:45.678"}
    several = deployment.bot_posts([said | {"message": f"a{n}", "customparam1": n} for n in range(3)])
    assert several.status == 202 and [one["status"] for one in several.json["events"]] == ["accepted"] * 3
    mixed = deployment.bot_posts([said | {"message": "never"}, said | {"Timestamp": "soon"}])
    assert mixed.status == 422
    assert {one["path"] for one in mixed.json["errors"]} == {"/1/message", "/1/Timestamp"}
    file = {"url": "https://files.example/1.pdf", "mime_type": "application/pdf", "size": 3, "name": "1.pdf"}
    assert deployment.bot_posts(said | {"Messagetype": "file", "message": "a file", "Media": file}).status == 202
    shown = visitor.sees("a file")
    assert (shown["type"], shown["media"]) == ("file", [file])
    assert visitor.texts() == [*(f"m{n}" for n in range(5)), "a0", "a1", "a2", "a file"]
    assert [one["metadata"] for one in visitor.seen[5:8]] == [{"params": {"customparam1": n}} for n in range(3)]
    # A desk gets the last fifty of what was said; here nobody has fetched them.
    many = [said | {"message": f"b{n}"} for n in range(50)] + [{"eventid": "1002", "conversation_id": conversation}]
    assert deployment.bot_posts(many).status == 202
    started = deployment.desk_hears("the chat", is_type("chat.started"))["data"]
    texts = [one["text"] for one in started["transcript"]]
    assert len(texts) == 50 and texts[-2:] == ["b49", ""], "the hand-over is the last"
    closed = {"type": "chat.closed", "conversation_id": started["conversation_id"]}
    assert deployment.desk_posts(closed).status == 202
    # A token opens its own bot's conversations alone.
    with serving() as end:
        end.answer = quiet
        other = deployment.platform.make("bots", service_id=deployment.service, name="other", webhook_url=end.url)
        refused = deployment.platform.call("POST", other["events_url"], said | {"message": "x"}, key=None)
        assert (refused.status, refused.code) == (404, "unknown_conversation")
    # The conversation is the bot's until it closes it; `Close` says so too, in any case.
    assert deployment.bot_posts({"EVENT": "CLOSE", "conversation_id": conversation, "Messageid": "c1"}).status == 202
    eventually(lambda: deployment.state(conversation)["state"] == "closed", "it as closed")
    gone = deployment.bot_posts(said | {"message": "x"})
    assert (gone.status, gone.code) == (410, "conversation_closed")
    assert deployment.bot_posts({"EVENT": "CLOSE", "conversation_id": conversation, "Messageid": "c1"}).status == 202


def test_what_a_response_may_carry(deployment: Deployment) -> None:
    def said(text: str, **more: Any) -> dict[str, Any]:
        return {"eventid": "1001", "message": text} | more

    responses: dict[str, Any] = {
        "one": said("1") | {"verification_token": TOKEN},
        "array": ([said("2"), said("3", conversation_id=None)], {"X-Verification-Token": TOKEN}),
        "events": {"token": TOKEN, "events": [said("4"), {"eventid": "1001"}, said("5"), {"event": "Handover"}]},
    }
    seen: list[str] = []

    def answer(heard: Heard) -> Answer:
        event = heard.json
        body = responses.get(event.get("Message", "")) if event.get("ConversationType") == "BOT" else None
        if body is None:
            return quiet(heard)
        seen.append(event["Message"])
        # The first time it says no after it has said all: what counts is said by the attempt that succeeds.
        status = 503 if seen.count(event["Message"]) == 1 and event["Message"] == "one" else 200
        return (status, *body) if isinstance(body, tuple) else (status, body)

    deployment.platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", {"retry": {"waits_s": [1]}})
    deployment.bot_end.answer = answer
    visitor = deployment.visitor()
    for text in responses:
        visitor.says(text)
    visitor.sees("5")
    assert visitor.texts() == ["1", "2", "3", "4", "5"] and seen == ["one", "one", "array", "events"]
    deployment.desk_hears("the hand-over", is_type("chat.started"))


def test_a_message_that_a_working_bot_cannot_take_is_set_aside(
    platform: Platform, poisoned: tuple[str, Outside]
) -> None:
    bot, end = poisoned
    eventually(lambda: [one for one in end.events() if one.get("Message") == "after it"], "the next")
    assert [len(one["attempts"]) for one in platform.deliveries(bot_id=bot, status="poison")] == [5]
    assert platform.get(f"/v1/bots/{bot}")["status"] == "active"
