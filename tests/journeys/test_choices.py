"""A typed answer to choices reaches the bot as the button's postback, on any channel and however many there were."""

# Fixtures of another module are named as arguments here.
# ruff: noqa: F401, F811

from __future__ import annotations

import json
from typing import Any

from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_providers import custom, message, post, provider
from tests.journeys.test_whatsapp import graph, number, said
from tests.journeys.test_whatsapp import post as post_whatsapp
from tests.outside import Heard, Outside

BUTTONS = {"Buttons": [{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "track"}]}
ROWS = [{"id": f"row-{n}-{'x' * 40}", "title": f"Place of {n}"} for n in range(60)]
LIST = {"Messagetype": "list", "List": {"button": "All", "sections": [{"title": "Places", "rows": ROWS}]}}


def asks(**more: Any) -> Any:
    """A bot that answers each plain message with a question."""

    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "Which?"}
        return 200, {"token": TOKEN, "events": [event | more] if heard.json["Event"] == "Incoming message" else []}

    return answer


def heard(deployment: Deployment) -> list[tuple[str, str]]:
    """What the bot was told since: (event, payload or text)."""
    told = [(one["Event"], one.get("PostbackPayload") or one["Message"]) for one in deployment.bot.events()]
    deployment.bot.forget()
    return told


def test_a_number_in_the_web_chat_is_the_buttons_postback_once(deployment: Deployment) -> None:
    deployment.bot.answer = asks(**BUTTONS)
    deployment.says("hi")
    deployment.says("something else")
    # The question came again: it is the last one that counts.
    deployment.says("2\ufe0f\u20e3")
    deployment.says("2")
    assert heard(deployment) == [
        ("Incoming message", "hi"),
        ("Incoming message", "something else"),
        ("FB POSTBACK", "track"),
        ("Incoming message", "2"),
    ]
    assert deployment.sees(everything=True)[4] == "2\ufe0f\u20e3"


def test_an_agents_question_is_answered_by_its_title(
    deployment: Deployment, custom: dict[str, Any], provider: Outside
) -> None:
    post(deployment, custom, message("hi", "c1"))
    bots = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": bots})[0] == 202
    chat = next(one for one in deployment.desk.events() if one["type"] == "chat.started")["data"]["conversation_id"]
    agent = {"id": "a1", "name": "Ana"}
    said = {"type": "agent.message", "conversation_id": chat, "agent": agent, "text": "Which?", "id": "m1"}
    assert deployment.desk_posts(said | {"buttons": BUTTONS["Buttons"]})[0] == 202
    deployment.desk.forget()
    post(deployment, custom, message("billing!", "c2"))
    (told,) = deployment.desk.events()
    shown = told["data"]["message"]
    assert (shown["type"], shown["text"], shown["content"]["payload"]) == ("postback", "billing!", "bill")


def test_one_of_many_is_read_from_its_message(deployment: Deployment, custom: dict[str, Any]) -> None:
    deployment.bot.answer = asks(**LIST)
    for n, typed in enumerate(("hi", "29.", "29.")):
        post(deployment, custom, message(typed, f"c{n}"))
    assert heard(deployment) == [
        ("Incoming message", "hi"),
        ("FB POSTBACK", ROWS[28]["id"]),
        ("Incoming message", "29."),
    ]


def test_a_payload_too_long_for_the_provider_comes_back_as_it_was(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    long = {"title": "Track it", "payload": "order:" + "x" * 300}
    deployment.bot.answer = asks(Buttons=[{"title": "Billing", "payload": "bill"}, long])
    post_whatsapp(deployment, number, said({"type": "text", "text": {"body": "hi"}}))
    post_whatsapp(deployment, number, said({"type": "text", "text": {"body": "what?"}}, "wamid.in2"))
    shown = [json.loads(one.raw)["interactive"]["action"]["buttons"] for one in graph.heard]
    given = [[one["reply"]["id"] for one in buttons] for buttons in shown]
    assert given == [["bill", "#2:2"], ["bill", "#2:4"]]
    # The last one, one that was asked before it, and one that nobody offered.
    for n, payload in enumerate(("#2:4", "#2:2", "#9:2")):
        reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "Track it"}}
        post_whatsapp(deployment, number, said({"type": "interactive", "interactive": reply}, f"wamid.re{n}"))
    told = [payload for event, payload in heard(deployment) if event == "FB POSTBACK"]
    assert told == [long["payload"], long["payload"], "#9:2"]
