"""Scenarios of the crash matrix with a telephone: a call that begins and speaks, and one that is over too soon."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.channels.signatures import FORM, Posted, form_body, signed
from tests.crash.scenarios import Scenario
from tests.crash.stage import Stage
from tests.journeys.conftest import TOKEN
from tests.outside import Heard

SECRET, OURS, ADA = "auth-token-of-the-account-0123456", "+4930555000", "+4915112345678"
CALL = {"CallSid": "CA1", "AccountSid": "AC1", "From": ADA, "To": OURS, "Direction": "inbound"}


def z_number(stage: Stage) -> None:
    number = {"sid": "PN1", "phone_number": OURS, "capabilities": {"voice": True}}
    stage.provider.answer = lambda heard: (200, {"incoming_phone_numbers": [number], **number})
    base = stage.provider.url.removesuffix("/hook")
    settings = {"account_sid": "AC1", "from": OURS, "api_base": base}
    service, secrets = stage.deployment.ids["care"], {"auth_token": SECRET}
    stage.deployment.make(
        "channels", service_id=service, kind="voice_twilio", name="phone", settings=settings, secrets=secrets
    )
    stage.provider.forget()
    stage.deployment.bot.answer = greets


def greets(heard: Heard) -> tuple[int, Any]:
    """A bot that says something to who begins, and to what they say."""
    said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "Hello."}
    began = heard.json.get("Happened") == "call_started" or heard.json["Event"] == "Incoming message"
    return 200, {"token": TOKEN, "events": [said] if began else []}


def twilio_posts(stage: Stage, step: str, url: str, **more: str) -> ElementTree.Element:
    """Twilio asks; what it is answered."""
    body = form_body(CALL | more)
    url = url if "://" in url else f"https://parley.example{url}"
    host, headers = url.split("/")[2], {"Content-Type": FORM}
    headers |= {"Host": host, "X-Forwarded-Proto": url.partition(":")[0]}
    headers |= signed({"twilio": SECRET}, Posted(body, 0, url, headers={"content-type": FORM}))
    status, answer = stage.edge(step, url, body, headers=headers)
    assert status == 200, answer
    return ElementTree.fromstring(answer)


def z_somebody_calls(stage: Stage) -> None:
    answer = twilio_posts(stage, "receive_channel", stage.deployment.made["phone"]["webhook_url"])
    stage.settle()
    answer = twilio_posts(stage, "answer_call", answer.findtext("Redirect") or "")
    assert [one.text for one in answer.iter("Say")] == ["Hello."]
    stage.settle()


def z_says_something_and_hangs_up(stage: Stage) -> None:
    hook = stage.deployment.made["phone"]["webhook_url"]
    twilio_posts(stage, "receive_channel", f"{hook}?do=gather&n=1&after=2&since=1", SpeechResult="my parcel")
    stage.settle()
    twilio_posts(stage, "receive_channel", f"{hook}?do=status", CallStatus="completed")
    stage.settle()


CALLS = {
    "call": Scenario(
        (z_somebody_calls, z_says_something_and_hangs_up),
        ("receive_channel", "answer_call"),
        z_number,
        ("converse", "fan_out", "deliver", "send"),
    ),
}
