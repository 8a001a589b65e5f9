"""SMS and WhatsApp by Twilio, from the channel's making to the last receipt: Twilio is a server beside us, whose
account is known by its token and whose calls are signed with it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.api.http import base_url
from chalicelib.tables import config, media_links
from chalicelib.tables.deliveries import DeliveryRow
from tests.channels.signatures import FORM, Posted, form_body, signed
from tests.channels.twilio_api import FILE, TwilioApi
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_people import people
from tests.outside import Heard, serving

ACCOUNT, AUTH_TOKEN = "AC0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"
ADA = "+14155550123"
_numbers = itertools.count(1)
Comes = Callable[..., Any]


@pytest.fixture
def api() -> Iterator[TwilioApi]:
    with serving() as outside:
        made = TwilioApi(ACCOUNT, AUTH_TOKEN, service="MG1")
        outside.answer = made.answer
        made.url = outside.url.removesuffix("/hook")
        yield made
    assert made.wrong == []


def channel(deployment: Deployment, api: TwilioApi, kind: str, **more: Any) -> dict[str, Any]:
    # Deploying tells the address; by another one we would not be called, and would tell nobody where statuses go.
    config.create(config.Resource("parley", "settings", body={"base_url": "https://parley.example"}))
    base_url.forget()
    media_links.forget()
    return deployment.make(
        "channels",
        service_id=deployment.ids["care"],
        kind=kind,
        name="twilio",
        settings={"account_sid": ACCOUNT, "from": api.number, "api_base": api.url} | more,
        secrets={"auth_token": AUTH_TOKEN},
    )


@pytest.fixture
def sms(deployment: Deployment, api: TwilioApi) -> dict[str, Any]:
    return channel(deployment, api, "twilio_sms")


@pytest.fixture
def whatsapp(deployment: Deployment, api: TwilioApi) -> dict[str, Any]:
    api.senders = [f"whatsapp:{api.number}"]
    return channel(deployment, api, "twilio_whatsapp", typing=True)


def called(deployment: Deployment, url: str, form: dict[str, Any], token: str = AUTH_TOKEN) -> int:
    """Twilio calls, and all moves until quiet."""
    url = url.partition("#")[0]
    posted = Posted(form_body(form), 0, url, headers={"content-type": FORM})
    headers = {"Content-Type": FORM, **signed({"twilio": token}, posted)}
    status, answer = deployment.call("POST", url, posted.body, headers=headers)
    assert status != 200 or answer == "<Response/>"
    deployment.cloud.pump()
    return status


@pytest.fixture
def comes(deployment: Deployment, api: TwilioApi) -> Comes:
    """A message comes to the sender, where Twilio was told to call."""

    def message(body: str = "", sender: str = ADA, **more: Any) -> str:
        id = f"SM{next(_numbers):032}"
        prefix = "whatsapp:" if api.senders else ""
        form = {
            "SmsStatus": "received",
            "MessageSid": id,
            "From": prefix + sender,
            "To": prefix + api.number,
            "Body": body,
        }
        assert called(deployment, api.webhook, form | more) == 200
        return id

    return message


def status(deployment: Deployment, api: TwilioApi, word: str, at: int = -1, **more: Any) -> None:
    """What became of a message that was sent."""
    form = dict(api.forms()[at])
    id = f"SM{(at % len(api.forms())) + 1:032}"
    told = {"MessageSid": id, "MessageStatus": word, "To": form["To"], **more}
    assert called(deployment, form["StatusCallback"], told) == 200


def answers(**more: Any) -> Any:
    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "noted"} | more
        return 200, {"token": TOKEN, "events": [event] if heard.json["Event"] == "Incoming message" else []}

    return answer


def receipts(deployment: Deployment) -> list[str]:
    return [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]


def test_in_out_and_what_became_of_it(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    assert (sms["status"], sms["facts"]["webhook"]) == ("active", "registered")
    assert api.webhook == f"{sms['webhook_url']}#rc=3&rp=all"
    deployment.bot.answer = answers()
    comes("hi")
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"]) == ("hi", "SMS")
    (ada,) = people(deployment)
    assert {"kind": "phone", "value": ADA}.items() <= ada["identities"][0].items()
    assert api.sent() == [{"Body": "noted"}]
    assert dict(api.forms()[0]).items() >= {"To": ADA, "From": api.number}.items()
    for word in ("queued", "sent", "delivered", "sent"):
        status(deployment, api, word)
    assert receipts(deployment) == ["Delivered"]
    assert called(deployment, api.webhook, {"MessageSid": "SMx", "From": ADA, "Body": "x"}, "another-token") == 401
    wrong = {"secrets": {"auth_token": "withdrawn"}}
    found, answer = deployment.call("PATCH", f"/v1/channels/{sms['id']}", wrong)
    assert (found, answer["errors"][0]["path"]) == (422, "/secrets/auth_token")


def test_a_long_answer_whose_second_part_must_wait_and_fails(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes, traveller: Any
) -> None:
    deployment.bot.answer = answers(message="\n".join(one * 1400 for one in "ab"))
    api.fails = [None, (429, 20429, "Too Many Requests")]
    comes("q")
    (row,) = (row for row in DeliveryRow.scan() if row.destination == sms["id"])
    assert (row.status, row.done) == ("waiting", 1)
    Clock(traveller, deployment).passes(5)
    assert [one["Body"][0] for one in api.sent()] == ["a", "b", "b"], "no part twice"
    status(deployment, api, "delivered", 0)
    assert receipts(deployment) == [], "one of two that arrives is not the message"
    status(deployment, api, "undelivered", 0, ErrorCode="30003")
    told = deployment.bot.events()[-1]
    assert receipts(deployment) == ["Failed"] and "30003" in json.dumps(told), "a failure of any part is"


def test_pictures_come_and_go(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes, capfd: pytest.CaptureFixture[str]
) -> None:
    from chalicelib.ports.settings import settings

    s3 = deployment.cloud.clients["s3"]
    deployment.bot.answer = answers(message="nice", media={"url": "https://files.example/c.png", "size": 9})
    held = f"{api.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
    comes("my cat", NumMedia="1", MediaUrl0=held, MediaContentType0="image/jpeg")
    event = deployment.bot.events()[0]
    assert (event["MessageType"], event["Message"]) == ("image", "my cat")
    url = event["Media"]["url"]
    assert deployment.call("GET", url[url.index("/media/") :])[0] == 302
    kept = s3.get_object(Bucket=settings().media_bucket, Key=f"{event['Messageid']}/0")
    assert kept["Body"].read() == FILE
    assert api.told == [("/2010-04-01/Accounts/" + held.partition("/Accounts/")[2], True), ("/cdn/ME1", False)]
    assert api.sent() == [{"Body": "nice", "MediaUrl": "https://files.example/c.png"}]
    assert AUTH_TOKEN not in json.dumps(deployment.bot.events()) + "".join(capfd.readouterr())


def test_who_says_stop_is_not_answered(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    deployment.bot.answer = answers()

    def opted() -> bool:
        (ada,) = people(deployment)
        return bool(ada["consent"][f"all@{sms['id']}"]["given"])

    comes("Stop")
    assert deployment.bot.events() == [] and api.sent() == [] and not opted()
    comes("START")
    assert opted() and [one["Body"] for one in api.sent()] == ["noted"]
    # The answer to a send says it, too, and a status.
    api.fails = [(400, 21610, "Attempt to send to unsubscribed recipient")]
    comes("hello?")
    assert not opted() and receipts(deployment)[-1] == "Failed"
    comes("UNSTOP")
    assert opted()
    status(deployment, api, "failed", ErrorCode="21610")
    assert not opted() and deployment.bot.events()[-1]["Event"] in ("Opted Out", "Message Delivery")


def test_choices_are_numbered_and_known_by_their_numbers(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    deployment.bot.answer = answers(
        message="Which?", Buttons=[{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "dlv"}]
    )
    comes("hi")
    assert api.sent()[-1]["Body"] == "Which?\n1. Billing\n2. Delivery"
    comes("2")
    assert deployment.bot.events()[-1]["PostbackPayload"] == "dlv"


def test_a_messaging_service_calls_for_all_its_numbers(deployment: Deployment, api: TwilioApi, comes: Comes) -> None:
    made = channel(deployment, api, "twilio_sms", **{"from": None, "messaging_service_sid": "MG1"})
    assert made["facts"]["service"] == "Reminders"
    deployment.bot.answer = answers()
    comes("hi")
    assert dict(api.forms()[0])["MessagingServiceSid"] == "MG1" and "From" not in dict(api.forms()[0])


QUESTION = {"message": "Which?", "Buttons": [{"title": "Yes", "payload": "y"}, {"title": "No", "payload": "n"}]}


def test_whatsapp_in_out_and_read(
    deployment: Deployment, whatsapp: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    assert (whatsapp["status"], whatsapp["facts"]["webhook"]) == ("active", "registered")
    assert api.webhook == f"{whatsapp['webhook_url']}#rc=3&rp=all"
    deployment.bot.answer = answers(**QUESTION)
    id = comes("hi", WaId=ADA[1:], ProfileName="Ada", OriginalRepliedMessageSid="SM0")
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"], event["Contact"]["name"]) == ("hi", "WhatsApp", "Ada")
    assert ("POST /v2/Indicators/Typing.json", [("messageId", id), ("channel", "whatsapp")]) in api.calls
    (made,) = api.contents
    blanks = {"1": "Which?", "2": "Yes", "3": "y", "4": "No", "5": "n"}
    assert api.sent() == [{"ContentSid": made["sid"], "ContentVariables": json.dumps(blanks, separators=(",", ":"))}]
    assert dict(api.forms()[0]).items() >= {"To": f"whatsapp:{ADA}", "From": f"whatsapp:{api.number}"}.items()
    for word in ("sent", "read", "delivered"):
        status(deployment, api, word)
    assert receipts(deployment) == ["Read"]
    # An answer that is typed, and one that is pressed.
    comes("1")
    comes("again")
    comes("No", ButtonText="No", ButtonPayload="n")
    pressed = [one["PostbackPayload"] for one in deployment.bot.events() if one.get("PostbackPayload")]
    assert pressed == ["y", "n"] and api.contents == [made], "one resource is enough for all questions of two answers"


def test_whatsapp_places_pictures_and_who_blocks_us(
    deployment: Deployment, whatsapp: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    deployment.bot.answer = answers(
        message="here", Messagetype="location", Location={"latitude": 1.5, "longitude": 2.5, "name": "Shop"}
    )
    comes("", Latitude="37.78", Longitude="-122.39", Label="Home")
    event = deployment.bot.events()[0]
    assert event["MessageType"] == "location" and "37.78" in json.dumps(event)
    assert api.sent() == [{"Body": "here"}, {"Body": "Shop", "PersistentAction": "geo:1.5,2.5"}]
    deployment.bot.answer = answers(message="look", media=[{"url": f"https://files.example/{n}.png"} for n in "ab"])
    comes("more?", ReferralSourceType="ad", ReferralSourceId="120")
    first, second = api.sent()[2:]
    assert (first["Body"], second) == ("look", {"MediaUrl": "https://files.example/b.png"}), "one file a message"
    status(deployment, api, "failed", ErrorCode="63014", ChannelStatusMessage="Blocked by user")
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{whatsapp['id']}"]["given"] is False


def test_whatsapp_outside_the_window_a_template_goes(
    deployment: Deployment, whatsapp: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    approved = {
        "sid": "HX7",
        "friendly_name": "reminder",
        "language": "en",
        "types": {"twilio/text": {"body": "At {{1}}"}},
    }
    api.contents = [approved]
    template = {"name": "reminder", "language": "en", "parameters": ["9:00"]}
    deployment.bot.answer = answers(message="", Messagetype="template", Template=template)
    api.fails = [None, (400, 63016, "outside the allowed window")]
    comes("remind me")
    assert api.sent() == [{"ContentSid": "HX7", "ContentVariables": '{"1":"9:00"}'}]
    deployment.bot.answer = answers()
    comes("thanks")
    assert receipts(deployment) == ["Failed"] and "63016" in json.dumps(deployment.bot.events()[-1])
    found, page = deployment.call("GET", f"/v1/channels/{whatsapp['id']}/templates")
    assert (found, page["data"][0]["body"]) == (200, "At {{1}}")


def test_an_answer_that_was_lost_is_made_up_for_by_a_status(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes, traveller: Any
) -> None:
    deployment.bot.answer = answers()
    api.fails = [(504, 0, "Gateway Timeout")]
    comes("hi")
    status(deployment, api, "delivered")
    Clock(traveller, deployment).passes(120)
    assert len(api.forms()) == 1 and receipts(deployment) == ["Delivered"], "it is not sent a second time"


def says_first(deployment: Deployment, made: dict[str, Any], **said: Any) -> tuple[int, Any]:
    to = {"channel_id": made["id"], "address": "(415) 555-0123"}
    answer = deployment.call("POST", "/v1/messages", {"service_id": deployment.ids["care"], "to": to, **said})
    deployment.cloud.pump()
    return answer


def test_who_is_written_to_first_answers_on_the_same_thread(
    deployment: Deployment, sms: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    assert deployment.call("PATCH", f"/v1/services/{deployment.ids['care']}", {"country": "US"})[0] == 200
    found, answer = says_first(deployment, sms, text="Your lamp is here")
    assert (found, api.sent(), dict(api.forms()[0])["To"]) == (202, [{"Body": "Your lamp is here"}], ADA), answer
    comes("thanks")
    (ada,) = people(deployment)
    said = deployment.call("GET", f"/v1/contacts/{ada['id']}/timeline")[1]["data"]
    assert {one["text"] for one in said} >= {"Your lamp is here", "thanks"}


def test_whatsapp_is_begun_with_a_template(
    deployment: Deployment, whatsapp: dict[str, Any], api: TwilioApi, comes: Comes
) -> None:
    assert deployment.call("PATCH", f"/v1/services/{deployment.ids['care']}", {"country": "US"})[0] == 200
    found, problem = says_first(deployment, whatsapp, text="Your lamp is here")
    assert (found, problem["code"], api.sent()) == (422, "needs_template", [])
    found, answer = says_first(deployment, whatsapp, template={"name": "HX7", "language": "en", "parameters": ["lamp"]})
    assert (found, api.sent()) == (202, [{"ContentSid": "HX7", "ContentVariables": '{"1":"lamp"}'}]), answer
