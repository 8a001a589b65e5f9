"""Calls by Twilio, with somebody at the telephone who does what TwiML says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from chalicelib.api.http import base_url
from chalicelib.ports.settings import settings
from chalicelib.tables import config, media_links
from tests.channels.caller import Call, sid
from tests.channels.signatures import FORM
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard, Outside, serving

ACCOUNT, SECRET, OURS, ADA = "AC" + "5" * 32, "auth-token-of-the-account-0123456", "+4930555000", "+4915112345678"
NUMBER = {"sid": "PN1", "phone_number": OURS, "friendly_name": "Care", "capabilities": {"voice": True}}
CHOICES = [{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "deliver"}]
_calls = itertools.count(1)


class Twilio:
    """Twilio's API: the account's numbers, and the calls that it makes."""

    def __init__(self) -> None:
        self.number: dict[str, str] = {}
        self.calls: list[tuple[str, dict[str, list[str]]]] = []
        """(id, form) of the calls that we make."""
        self.status = "in-progress"
        self.fails: list[tuple[int, dict[str, Any]]] = []

    def answer(self, heard: Heard) -> tuple[int, Any]:
        path, _, query = heard.path.partition("?")
        form = parse_qs(heard.raw.decode(), keep_blank_values=True)
        if heard.headers.get("authorization", "").partition(" ")[0] != "Basic":
            return 401, {"code": 20003, "message": "Authenticate"}
        if path.endswith("/IncomingPhoneNumbers.json"):
            return 200, {"incoming_phone_numbers": [NUMBER] if "555000" in query else []}
        if path.endswith("/IncomingPhoneNumbers/PN1.json"):
            self.number = {name: values[0] for name, values in form.items()}
            return 200, NUMBER
        if path.endswith("/Calls.json"):
            if self.fails:
                return self.fails.pop(0)
            self.calls.append((sid(), form))
            return 201, {"sid": self.calls[-1][0], "status": "queued"}
        return 200, {"status": self.status}


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
def voice(
    deployment: Deployment, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Makes the channel of a number, with what it is set to."""
    monkeypatch.setenv("PARLEY_LONGEST_POLL_S", "0")
    settings.cache_clear()
    config.create(config.Resource("parley", "settings", body={"base_url": "https://parley.example"}))
    base_url.forget()
    media_links.forget()
    with serving() as outside:
        outside.answer = twilio.answer

        def make(**more: Any) -> dict[str, Any]:
            given = {"account_sid": ACCOUNT, "from": OURS, "language": "en-GB", "api_base": base(outside)}
            return deployment.make(
                "channels",
                service_id=deployment.ids["care"],
                kind="voice_twilio",
                name="phone",
                settings=given | more,
                secrets={"auth_token": SECRET},
            )

        yield make
    settings.cache_clear()
    base_url.forget()
    media_links.forget()


def base(outside: Outside) -> str:
    return outside.url.removesuffix("/hook")


@pytest.fixture
def telephone(deployment: Deployment) -> Callable[..., Call]:
    """A call that begins, from a number or to it."""

    def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        path = "/" + url.split("://", 1)[1].split("/", 1)[1]
        host = url.split("://", 1)[1].split("/", 1)[0]
        found = deployment.client.http.request(
            "POST", path, headers=headers | {"host": host, "x-forwarded-proto": url.partition(":")[0]}, body=body
        )
        return found.status_code, found.headers.get("Content-Type", ""), found.body.decode()

    def call(number: str = ADA, **fields: str) -> Call:
        told = {"CallSid": sid(), "AccountSid": ACCOUNT, "From": number, "To": OURS, "Direction": "inbound"}
        told |= {"CallStatus": "in-progress", "ApiVersion": "2010-04-01", "FromCity": ""} | fields
        return Call(post, SECRET, told, between=deployment.cloud.pump)

    return call


def answering(*answers: dict[str, Any] | None) -> Callable[[Heard], tuple[int, Any]]:
    """A bot that answers one after another of what it is told, and then nothing."""
    left = list(answers)

    def answer(heard: Heard) -> tuple[int, Any]:
        event = heard.json
        told = event.get("Event") in ("Incoming message", "FB POSTBACK", "Happened")
        one = left.pop(0) if told and left else None
        about = {"eventid": "1001", "conversation_id": event.get("Conversationid")}
        return 200, {"token": TOKEN, "events": [about | one] if one else []}

    return answer


def states(deployment: Deployment, channel: dict[str, Any]) -> list[tuple[str, str]]:
    """What was said to the customer, and how far it has come."""
    told = deployment.call("GET", f"/v1/messages?channel_id={channel['id']}&limit=100")[1]
    return [(one["text"], one["state"]) for one in told["data"] if one["direction"] == "out"][::-1]


def test_a_call_from_its_beginning_to_its_end(
    deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio
) -> None:
    channel = voice(greeting="Welcome.")
    assert (channel["status"], channel["facts"]["webhook"]) == ("active", "registered")
    deployment.bot.answer = answering(
        {"message": "Which one?", "Buttons": CHOICES}, {"message": "Your parcel comes today."}, {"message": "Bye then."}
    )
    call = telephone(FromCountry="DE")
    call.goes(twilio.number["VoiceUrl"].partition("#")[0])
    assert call.hears() == ["Welcome.", "Which one?", "Press 1 for Billing.\nPress 2 for Delivery."]
    assert call.gather.get("numDigits") == "1" and call.gather.get("hints") == "Billing, Delivery"
    assert call.presses("2") == ["Your parcel comes today."]
    assert call.says("thank you") == ["Bye then."]
    happened, pressed, said = [one for one in deployment.bot.events() if one["Event"] != "Message Delivery"]
    assert (happened["Event"], happened["Happened"], happened["Channel"]) == ("Happened", "call_started", "Voice")
    assert (pressed["Event"], pressed["PostbackPayload"]) == ("FB POSTBACK", "deliver")
    assert (said["Message"], said["Details"]["confidence"]) == ("thank you", 0.9)

    call.goes(twilio.number["StatusCallback"].partition("#")[0], CallStatus="completed", CallDuration="42")
    deployment.cloud.pump()
    ended = deployment.bot.events()[-1]
    assert (ended["Happened"], ended["Details"]["seconds"]) == ("call_ended", "42")
    talk = deployment.call("GET", f"/v1/conversations/{ended['Conversationid']}")[1]
    assert (talk["state"], talk["outcome"]) == ("closed", "ended_by_customer")
    told = deployment.call("GET", f"/v1/messages?conversation_id={talk['id']}")[1]["data"]
    assert {one["text"]: one["state"] for one in told if one["direction"] == "out"} == {
        "Which one?": "read", "Your parcel comes today.": "read", "Bye then.": "delivered"
    }  # fmt: skip
    assert twilio.calls == []


def hangs_up(call: Call, twilio: Twilio, status: str = "completed", **more: str) -> None:
    """Twilio says that the call is over."""
    call.goes(twilio.number["StatusCallback"].partition("#")[0], CallStatus=status, CallDuration="9", **more)
    call.between()


def begins(telephone: Any, twilio: Twilio, number: str = ADA, **fields: str) -> Call:
    """Somebody calls, and hears what they are told first."""
    call: Call = telephone(number, **fields)
    call.goes(twilio.number["VoiceUrl"].partition("#")[0])
    return call


def test_what_is_said_and_not_understood(deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio) -> None:
    voice(start_text="hi")
    ten = [{"title": str(n), "payload": f"n{n}"} for n in (10, 20, 30)]
    which = {"message": "How many?", "Buttons": ten}
    deployment.bot.answer = answering(which, which, which, which, {"message": "Three."})
    call = begins(telephone, twilio)
    asked = ["How many?", "Press 1 for 10.\nPress 2 for 20.\nPress 3 for 30."]
    assert call.hears() == asked
    assert call.presses("7") == ["That is none of the choices.", *asked]
    assert call.says("mumble", 0.2) == ["Sorry, I did not understand that.", *asked]
    assert call.presses("2") == asked, "understood at last, and told"
    assert call.says("the second one.") == asked
    assert call.says("30") == asked
    assert call.is_silent() == ["I did not hear anything.", *asked]
    # The same request once more, as its answer was lost: the same answer, and nothing is said twice.
    before = call.request(*call.last)
    again = call.request(*call.last)
    assert [one.text for one in before.iter()] == [one.text for one in again.iter()]
    assert call.says("hm, what else is there?") == ["Three."]
    told = [one for one in deployment.bot.events() if one["Event"] != "Message Delivery"]
    assert [one.get("PostbackPayload", one.get("Message")) for one in told] == [
        "hi", "n20", "n20", "n30", "hm, what else is there?"
    ]  # fmt: skip
    assert call.is_silent()[1:] == ["Three."] and call.is_silent()[1:] == ["Three."]
    assert call.is_silent() == ["Goodbye."] and call.over


def test_a_call_that_nobody_answers_ends(deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio) -> None:
    channel = voice(record=True)
    call = begins(telephone, twilio)
    assert call.hears() == ["How can I help you?"]
    call.between()
    call.between = lambda: None
    heard = call.says("is there anybody?")
    assert heard == ["One moment, please."] * 3 or heard[:-1] == ["One moment, please."] * 2
    assert call.recording is not None and "after the tone" in heard[-1]
    call.between = deployment.cloud.pump
    left = call.recording.get("recordingStatusCallback", "").partition("#")[0]
    call.goes(call.recording.get("action", ""), RecordingSid="RE1", RecordingDuration="4")
    assert call.hears() == ["Thank you. Goodbye."] and call.over
    hangs_up(call, twilio)
    deployment.bot.answer = answering({"message": "Thanks for your message."})
    recording = {"RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC5/Recordings/RE1"}
    call.fields = {"AccountSid": ACCOUNT, "CallSid": call.fields["CallSid"]}
    call.goes(left, RecordingSid="RE1", RecordingStatus="completed", RecordingDuration="4", **recording)
    call.between()
    (event,) = [one for one in deployment.bot.events() if one.get("MessageType") == "audio"]
    assert event["Media"]["mime_type"] == "audio/mpeg" and event["Details"]["seconds"] == "4"
    answered = deployment.call("GET", f"/v1/messages?conversation_id={event['Conversationid']}")[1]["data"]
    (thanks,) = [one for one in answered if one["direction"] == "out"]
    assert (thanks["error"]["code"], twilio.calls) == ("no_call", []), "a bot's answer rings nobody"
    assert channel["id"]


def test_people_are_put_through_or_write(deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio) -> None:
    voice(transfer_to="+4930555111")
    call = begins(telephone, twilio)
    bot = deployment.bot.events()[-1]["Conversationid"]
    call.hears()
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": bot})[0] == 202
    assert call.says("a person, please") == ["I am connecting you. One moment, please."]
    assert call.dialled == "+4930555111"
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    write = {"type": "agent.message", "conversation_id": chat, "text": "Bob here. What is it about?"}
    call.soon = [deployment.cloud.pump, lambda: deployment.desk_posts(write)]
    assert call.gather is not None
    call.goes(call.gather.get("action", ""), DialCallStatus="no-answer")
    assert call.hears() == ["Bob here. What is it about?"], "nobody was there, so it is written"
    assert "call_transferred" in str([one["data"] for one in deployment.desk.events()])
    # It is over before the next is spoken; what is written later calls them.
    deployment.desk_posts(write | {"text": "Hello?"})
    hangs_up(call, twilio)
    deployment.cloud.pump()
    shown = deployment.call("GET", f"/v1/messages?conversation_id={chat}")[1]["data"]
    states = {one["text"]: (one["state"], (one["error"] or {}).get("code")) for one in shown}
    assert states["Hello?"] == ("failed", "call_ended") and states["Bob here. What is it about?"][0] == "delivered"
    assert twilio.calls == []


def test_we_call(deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio, traveller: Any) -> None:
    channel = voice()
    call = begins(telephone, twilio)
    bot = deployment.bot.events()[-1]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": bot})
    hangs_up(call, twilio)
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    traveller.shift(60)

    def write(text: str) -> None:
        event = {"type": "agent.message", "conversation_id": chat, "text": text}
        assert deployment.desk_posts(event)[0] == 202

    def states() -> dict[str, tuple[str, str | None]]:
        shown = deployment.call("GET", f"/v1/messages?conversation_id={chat}")[1]["data"]
        return {
            one["text"]: (one["state"], (one["error"] or {}).get("code")) for one in shown if one["direction"] == "out"
        }

    write("Are you there?")
    write("It is about your parcel.")
    [(ours, form)] = twilio.calls
    assert (form["To"], form["From"]) == ([ADA], [OURS]), "and while it rings nothing else is called for"
    outbound = {"CallSid": ours, "Direction": "outbound-api", "From": OURS, "To": ADA}
    call = telephone(**outbound)
    call.goes(form["StatusCallback"][0].partition("#")[0], CallStatus="busy")
    deployment.cloud.pump()
    assert states() == {"Are you there?": ("failed", "busy"), "It is about your parcel.": ("failed", "call_ended")}

    traveller.shift(60)
    write("Now?")
    ours, form = twilio.calls[-1]
    call = telephone(**outbound | {"CallSid": ours})
    call.goes(form["StatusCallback"][0].partition("#")[0], CallStatus="initiated")
    call.over = False
    write("It is Bob.")
    call.goes(form["Url"][0].partition("#")[0])
    assert call.hears() == ["Now?", "It is Bob."]
    call.soon = [deployment.cloud.pump, lambda: write("Your parcel is here.")]
    assert call.says("yes, go ahead") == ["Your parcel is here."]
    deployment.cloud.pump()
    heard = [one["data"]["message"]["text"] for one in deployment.desk.events() if one["type"] == "message.received"]
    assert heard[-1] == "yes, go ahead"
    assert len(twilio.calls) == 2 and states()["It is Bob."][0] == "read"
    # The business may speak first, to whom it never heard.
    to = {"channel_id": channel["id"], "address": "+4915187654321"}
    sent = {"service_id": deployment.ids["care"], "to": to, "text": "Your parcel is late."}
    assert deployment.call("POST", "/v1/messages", sent)[0] == 202
    deployment.cloud.pump()
    ours, form = twilio.calls[-1]
    call = telephone(**outbound | {"CallSid": ours, "To": form["To"][0]})
    call.goes(form["Url"][0].partition("#")[0])
    assert call.hears() == ["Your parcel is late."]
    assert channel["id"]


def test_who_withholds_their_number_is_nobody(
    deployment: Deployment, voice: Any, telephone: Any, twilio: Twilio, capfd: pytest.CaptureFixture[str]
) -> None:
    channel = voice()
    for number in ("anonymous", "+266696687"):
        begins(telephone, twilio, number)
    talks = {one["Conversationid"] for one in deployment.bot.events() if one["Event"] == "Happened"}
    people = deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}")[1]["data"]
    assert len(talks) == 2 and not any(one["kind"] == "phone" for two in people for one in two["identities"])
    # Where the fault is ours they hear so; who is not Twilio does not.
    path = channel["webhook_url"].partition("://")[2].partition("/")[2]
    for end in ("webhook", "call"):
        at = "/" + path.removesuffix("webhook") + end
        status, body = deployment.call("POST", at, b"x=" + b"1" * 1_100_000, headers={"Content-Type": FORM})
        assert status == 200 and "something went wrong" in body and "<Hangup/>" in body
        status, _ = deployment.call("POST", f"{at}?do=status", b"x=" + b"1" * 1_100_000, headers={"Content-Type": FORM})
        assert status == 413, "nobody hears that"
        assert deployment.call("POST", at, b"CallSid=CA1", headers={"Content-Type": FORM})[0] == 401
    assert SECRET not in "".join(capfd.readouterr())
