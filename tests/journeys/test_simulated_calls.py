"""Telephone calls, with a simulated Twilio: who calls hears the bot and chooses by a key, and who is called answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.ports.settings import settings
from examples.providers.calls import Line
from examples.providers.kinds import Deed
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard
from tests.simulated import Phone, simulated

BUTTONS = [{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "ship"}]


@pytest.fixture
def phone(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    monkeypatch.setenv("PARLEY_LONGEST_POLL_S", "0")
    settings.cache_clear()
    with simulated(deployment, "voice_twilio") as made:
        yield made
    settings.cache_clear()


def bot(heard: Heard) -> tuple[int, Any]:
    """Asks who calls, and says what they chose."""
    event = heard.json
    about = {"eventid": "1001", "conversation_id": event.get("Conversationid")}
    asks = {"message": "Which?", "Buttons": BUTTONS}
    answers: dict[str, dict[str, Any]] = {
        "Happened": asks,
        "FB POSTBACK": {"message": f"you chose {event.get('PostbackPayload')}"},
    }
    answers["Incoming message"] = {"message": f"you said {event.get('Message')}"}
    return 200, {"token": TOKEN, "events": [about | answers[event["Event"]]] if event["Event"] in answers else []}


def goes_on(phone: Phone, *deeds: tuple[str, str]) -> None:
    """A call from where it stands: each time that it listens the next of these is done, and then it is hung up."""
    work, left = phone.world.work.popleft(), [*deeds]

    async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        path, host = "/" + url.split("://", 1)[1].split("/", 1)[1], url.split("://", 1)[1].split("/", 1)[0]
        sent = {**headers, "host": host, "x-forwarded-proto": url.partition(":")[0]}
        answer = phone.deployment.client.http.request("POST", path, headers=sent, body=body)
        phone.deployment.cloud.pump()
        return answer.status_code, answer.body

    async def sleep(seconds: float) -> None:
        shown = phone.world.flag(phone.account, phone.person, "call") or {}
        if "listens" in shown or shown.get("status") == "ringing":
            do, text = left.pop(0) if left else ("hangup", "")
            phone.providers.does(Deed(do, text), phone.person, phone.account)

    # Nothing of it waits for anything, and what it posts to has loops of its own.
    with suppress(StopIteration):
        work(Line(post, phone.providers.fetch, sleep)).send(None)
    phone.deployment.cloud.pump()


def test_who_calls_hears_the_bot_and_chooses_by_a_key(deployment: Deployment, phone: Phone) -> None:
    assert (phone.row["status"], phone.row["facts"]["webhook"]) == ("active", "registered")
    deployment.bot.answer = bot
    phone.does("dial")
    goes_on(phone, ("digits", "2"), ("text", "thank you"))
    heard = [one.text for one in phone.world.thread(phone.account, phone.person) if not one.mine]
    assert heard[:2] == ["Welcome to the simulated shop.", "Which?"] and "Press 1 for Billing" in heard[2]
    assert heard[3:] == ["you chose ship", "you said thank you", "The call is over"]
    told = [one for one in deployment.bot.events() if one["Event"] == "Happened"]
    assert [one["Happened"] for one in told] == ["call_started", "call_ended"]


def test_who_is_called_answers(deployment: Deployment, phone: Phone, traveller: Any) -> None:
    deployment.bot.answer = bot
    phone.does("dial")
    goes_on(phone)
    traveller.shift(60)
    [contact] = deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}")[1]["data"]
    said = {"service_id": deployment.ids["care"], "to": {"contact_id": contact["id"]}, "text": "Your parcel is here"}
    status, answer = deployment.call("POST", "/v1/messages", said)
    assert status == 202, answer
    deployment.cloud.pump()
    goes_on(phone, ("answer", ""))
    heard = [one.text for one in phone.world.thread(phone.account, phone.person) if not one.mine]
    assert heard[-3:] == ["Rings", "Your parcel is here", "The call is over"]
