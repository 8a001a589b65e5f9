"""Every kind whose provider is simulated, from a person's phone and back: what they do comes to the bot, what it says
comes to the phone, what becomes of it comes back, and what goes wrong at the provider loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import channels
from examples.providers import kinds
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.outside import Heard
from tests.simulated import Phone, simulated

BUTTONS = [{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "ship"}]


@pytest.fixture(params=[kind for kind in kinds.names() if kind != "voice_twilio"])
def phone(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Phone]:
    with simulated(deployment, request.param) as made:
        yield made


def says(**more: Any) -> Any:
    """A bot that answers so."""

    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "noted"} | more
        speaks = heard.json["Event"] in ("Incoming message", "FB POSTBACK")
        return 200, {"token": TOKEN, "events": [event] if speaks else []}

    return answer


def test_there_and_back(deployment: Deployment, phone: Phone, traveller: Any) -> None:
    assert phone.row["status"] == "active", phone.row
    _a_question_is_answered(deployment, phone)
    _what_people_do_beside_writing_comes(deployment, phone, traveller)
    _what_comes_twice_and_late_changes_nothing(deployment, phone)
    _a_long_text_goes_on_where_it_stopped(deployment, phone, Clock(traveller, deployment))
    _a_no_is_one(deployment, phone)
    assert phone.refused == []


def _a_question_is_answered(deployment: Deployment, phone: Phone) -> None:
    plays = kinds.load(phone.account.kind)
    assert {*plays.TELLS} <= {*channels.load(phone.account.kind).STATUSES.values()}
    deployment.bot.answer = says(message="Which?", Buttons=BUTTONS)
    phone.does("text", "hello ä😀")
    assert deployment.bot.events()[0]["Message"] == "hello ä😀"
    [asked] = phone.shown()
    deployment.bot.answer = says()
    if "press" in plays.DEEDS:
        assert [one["title"] for one in asked.choices] == ["Billing", "Delivery"]
        phone.does("press", about=asked.id, payload=asked.choices[1]["payload"])
    else:
        phone.does("text", "2")
    pressed = next(one for one in deployment.bot.events() if one["Event"] == "FB POSTBACK")
    assert pressed["PostbackPayload"] == "ship"
    assert {*phone.states()} == ({plays.TELLS[-1]} if plays.TELLS else {"sent"})


def _what_people_do_beside_writing_comes(deployment: Deployment, phone: Phone, traveller: Any) -> None:
    deeds = kinds.load(phone.account.kind).DEEDS
    phone.does("text", "one lamp")
    said, ours = phone.world.thread(phone.account, phone.person)[-2:]

    def tells(event: str, **deed: Any) -> Any:
        before = len(deployment.bot.events())
        traveller.shift(1)  # nobody does two things in one millisecond
        phone.does(**deed)
        found = [one for one in deployment.bot.events()[before:] if one["Event"] == event]
        assert found, (deed, [one["Event"] for one in deployment.bot.events()[before:]])
        return found[0]

    if "file" in deeds:
        file = phone.world.keep_file(b"\xff\xd8\xff\xe0 picture", "image/jpeg", "cat.jpg")
        assert tells("Incoming message", do="file", text="my cat", file=file)["Media"]
    if "place" in deeds:
        place = {"latitude": 51.5, "longitude": -0.12, "name": "Bridge"}
        assert tells("Incoming message", do="place", details=place)["MessageType"] == "location"
    if "react" in deeds:
        assert tells("Reaction", do="react", text="👍", about=ours.id)["Message"] == "👍"
    if "edit" in deeds:
        assert tells("Message Edited", do="edit", text="two lamps", about=said.id)["Message"] == "two lamps"
    if "delete" in deeds:
        tells("Message Deleted", do="delete", about=said.id)
    if "group" in deeds:
        said_there = tells("Incoming message", do="text", text="who comes?", details={"group": True})
        assert (said_there["Contact"]["name"], said_there["Speaker"]["name"]) == ("Neighbours", "Asha Rao")
        assert phone.shown()[-1].details["group"] == "Neighbours"
    if "stop" in deeds:
        tells("Opted Out", do="stop")
        tells("Opted In", do="resume")


def _what_comes_twice_and_late_changes_nothing(deployment: Deployment, phone: Phone) -> None:
    before, states = len(phone.shown()), {*phone.states()}
    phone.switch(hooks=frozenset({"twice", "backwards"}))
    deployment.bot.answer = says(message="once")
    phone.does("text", "again")
    assert phone.texts()[before:] == ["once"]
    assert {*phone.states()} == states


def _a_long_text_goes_on_where_it_stopped(deployment: Deployment, phone: Phone, clock: Clock) -> None:
    before, long = len(phone.shown()), "\n".join(one * 1800 for one in "abc")
    deployment.bot.answer = says(message=long)
    phone.switch(answer="throttled", wait_s=40, times=1)
    phone.does("text", "q")
    clock.passes(20)
    assert len(phone.shown()) == before, "not earlier than it is told"
    clock.passes(60)
    phone.settle()
    texts = phone.texts()[before:]
    assert "".join(texts).replace("\n", "") == long.replace("\n", "")


def _a_no_is_one(deployment: Deployment, phone: Phone) -> None:
    for answer in ("refused", "opted_out"):
        phone.switch(answer=answer)
        deployment.bot.answer = says(message=answer)
        phone.does("text", answer)
        assert phone.states()[-1] == "failed"


@pytest.mark.parametrize("kind", ["whatsapp", "twilio_whatsapp"])
def test_the_business_speaks_first_by_a_template(deployment: Deployment, kind: str) -> None:
    with simulated(deployment, kind) as phone:
        known = deployment.call("GET", f"/v1/channels/{phone.row['id']}/templates")[1]["data"]
        assert {"order_update", "hello"} <= {one["name"] for one in known}
        to = {
            "service_id": deployment.ids["care"],
            "to": {"channel_id": phone.row["id"], "address": phone.person.phone},
        }
        template = {"name": "order_update", "language": "en", "parameters": ["Asha", "4417"]}
        status, answer = deployment.call("POST", "/v1/messages", to | {"template": template})
        assert status == 202, answer
        phone.settle()
        assert "Hello Asha, your order 4417 is on its way." in phone.texts()[0]
        assert phone.states() == ["read"]
        assert deployment.call("POST", "/v1/messages", to | {"text": "hi"})[1]["code"] == "needs_template"
