"""What of a bot's or desk's event means nothing is named: in the answer, or in the delivery that it answered."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.bots import webhook
from chalicelib.desks import webhook as desk_wire
from tests.journeys.conftest import TOKEN, Deployment

CV = "cv_abcdefghijabcdefghijabcdef_1"
SAID = {"eventid": "1001", "conversation_id": CV, "message": "hi"}


@pytest.mark.parametrize(
    ("event", "ignored"),
    [
        (SAID | {"Buton": [{"title": "x"}], "Buttons": [{"title": "x"}]}, {"/Buton"}),
        (SAID | {"colour": "red"}, {"/colour"}),
        (SAID | {"Messagetype": "text", "Buttons": [{"title": "x"}]}, {"/Buttons"}),
        (SAID | {"Buttons": [{"title": "x", "pay_load": "P", "icon": "i"}]}, {"/Buttons/0/icon"}),
        (SAID | {"Media": {"url": "https://x.de/a.png", "mimetype": "image/png", "width": 3}}, {"/Media/width"}),
        ({"eventid": "1002", "conversation_id": CV, "message": "bye"}, {"/message"}),
        # What is known says nothing, however it is spelled, nor does what is empty.
        (SAID | {"customparam1": "a", "CustomParam22": {"a": 1}, "params": {"x": 1}, "Timestamp": ""}, set()),
        (SAID | {"event": "Message", "Messageid": "1", "Idempotency-Key": "2", "Media": "", "Nothing": None}, set()),
        (SAID | {"verification_token": "t"}, set()),
    ],
)
def test_of_a_bot(event: dict[str, Any], ignored: set[str]) -> None:
    read = webhook.read_events(event)
    assert not read.problems and len(read.events) == 1
    assert {path for path, _ in read.ignored} == ignored


def test_a_slip_is_told_what_was_meant() -> None:
    ((path, why),) = webhook.read_events(SAID | {"Time_stmp": "2026-11-21 01:23:45.678"}).ignored
    assert path == "/Time_stmp" and "did you mean Timestamp?" in why


def test_of_a_desk() -> None:
    event = {
        "type": "chat.closed",
        "conversation_id": CV,
        "outcome": "ok",
        "agent": {"id": "1", "mail": "x"},
        "texts": "y",
    }
    assert {path for path, _ in desk_wire.read_events(event).ignored} == {"/agent/mail", "/texts"}


def test_no_event_names_more_than_a_few() -> None:
    many = {f"x{n}": 1 for n in range(500)}
    assert len(webhook.read_events([SAID | many] * 3).ignored) == 20


def test_the_answer_names_them_and_takes_the_rest(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    event = SAID | {"conversation_id": conversation, "colour": "red"}
    status, answer = deployment.bot_posts(event)
    assert (status, answer["status"], [one["path"] for one in answer["warnings"]]) == (202, "accepted", ["/colour"])
    status, answer = deployment.bot_posts(event | {"message": "a"}, {**event, "colour": None, "message": "b"})
    assert [one["path"] for one in answer["warnings"]] == ["/0/colour"] and len(answer["events"]) == 2
    assert deployment.sees() == ["hi", "a", "b"]
    assert "warnings" not in deployment.bot_posts(SAID | {"conversation_id": conversation})[1]


def test_what_was_ignored_of_a_response_stands_in_its_delivery(deployment: Deployment) -> None:
    def answer(heard: Any) -> tuple[int, Any]:
        mine = {"conversation_id": heard.json["Conversationid"]}
        said = [SAID | mine | {"colour": "red"}, SAID | mine | {"message": ""}, {"eventid": "9"} | mine]
        return 200, {"verification_token": TOKEN, "events": said if heard.json["Event"] == "Incoming message" else []}

    deployment.bot.answer = answer
    id = deployment.says("hello")
    assert deployment.sees() == ["hi"]
    listed = deployment.call("GET", f"/v1/deliveries?message_id={id}")[1]["data"]
    (delivery,) = [one for one in listed if one["id"]]
    assert delivery["status"] == "delivered"
    named = {one["path"] for one in delivery["attempts"][-1]["warnings"]}
    assert named == {"/events/0/colour", "/events/1/message", "/events/2/eventid"}


@pytest.mark.parametrize(
    ("answer", "paths"),
    [
        ({"reply": "hi"}, {"/reply"}),
        ({"messages": [{"text": "hi"}], "status": "ok"}, {"/messages"}),
        ({"Events": [SAID]}, {"/Events"}),
        ({"events": ["hi", 5, None]}, {"/events"}),
        ({"events": {"message": "hi"}}, {"/events"}),
        ({"events": [{"eventid": "1001", "conversation_id": CV, "message": "to somebody else"}]},
         {"/events/0/conversation_id"}),
        # Nothing was meant.
        ({"status": "ok", "events": [], "message": "", "messages": None}, set()),
        ({"ok": True, "trace": "x"}, set()),
    ],
)  # fmt: skip
def test_an_answer_where_none_is_looked_for_is_named_in_the_delivery(
    deployment: Deployment, answer: dict[str, Any], paths: set[str]
) -> None:
    deployment.bot.answer = lambda heard: (200, {"verification_token": TOKEN} | answer)
    deployment.says("hello")
    assert deployment.sees() == []
    (delivery,) = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}")[1]["data"]
    (attempt,) = delivery["attempts"]
    assert delivery["status"] == "delivered"
    assert {one["path"] for one in attempt.get("warnings") or ()} == paths


def test_one_event_needs_no_array(deployment: Deployment) -> None:
    said = {"eventid": "1001", "message": "hi"}
    deployment.bot.answer = lambda heard: (200, {"verification_token": TOKEN, "events": said})
    deployment.says("hello")
    assert deployment.sees() == ["hi"]
