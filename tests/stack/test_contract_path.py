"""The way of a message through the whole platform, as the contract prints it, and every refusal on it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import whatsapp
from tests.outside import Outside, serving
from tests.stack.conftest import TOKEN, Deployment, Platform, Reply, echo, eventually, first
from tests.stack.signed import is_signed, signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

EXAMPLES = Path(whatsapp.__file__).parent / "examples"


def speaks(event: dict[str, Any]) -> bool:
    return event.get("Event") == "Incoming message"


def is_receipt(event: dict[str, Any]) -> bool:
    return event.get("Event") == "Message Delivery"


def _always(answer: Any, _: Any) -> Any:
    return answer


def test_it_runs(platform: Platform) -> None:
    assert platform.get("/health", key=None) == {"status": "ok"}
    page = platform.call("GET", platform.up.console_url, key=None)
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    described = platform.get("/v1/openapi.json", key=None)
    assert described["openapi"].startswith("3.") and "/v1/services" in described["paths"]


def test_an_answer_in_the_response(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    visitor = deployment.visitor()
    visitor.says("hello")
    message = visitor.sees("you said hello")
    assert (message["direction"], message["author"]["kind"]) == ("out", "bot")
    visitor.says("again")
    visitor.sees("you said again")
    assert visitor.texts() == ["you said hello", "you said again"]


def test_what_the_bot_gets_and_posts(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    message = visitor.says("hello")
    event = deployment.bot_hears("the message", speaks)
    assert event["Messageid"] == message and event["Message"] == "hello" and event["MessageType"] == "text"
    assert (event["ConversationType"], event["Channel"], event["Media"]) == ("BOT", "Webchat", "")
    assert (event["Sequence"], event["Author"]) == (1, "customer") and event["Contact"].keys() >= {"id", "name"}
    heard = deployment.bot_end.heard[0]
    assert heard.headers["authorization"] == "Bearer bearer-of-ours" and heard.headers["x-parley-attempt"] == "1"
    assert heard.headers["user-agent"].startswith("Parley/") and is_signed(heard, deployment.bot["signing_secret"])

    conversation = event["Conversationid"]
    said = {"eventid": "1001", "conversation_id": conversation, "message": "hi there", "Messageid": "b1"}
    answer = deployment.bot_posts(said)
    assert answer.status == 202 and answer.json["status"] == "accepted"
    assert answer.json["conversation_id"] == conversation
    assert deployment.bot_posts(said).json == answer.json
    assert visitor.sees("hi there")["id"] == answer.json["message_id"]
    receipt = deployment.bot_hears("that it was delivered", is_receipt)
    assert (receipt["Messageid"], receipt["DeliveryStatus"]) == (answer.json["message_id"], "Delivered")
    read = {"session": visitor.session, "read": answer.json["message_id"]}
    assert (
        deployment.platform.call("POST", f"/channels/{deployment.channel['id']}/webhook", read, key=None).status == 202
    )
    deployment.bot_hears("that it was read", lambda event: event.get("DeliveryStatus") == "Read")
    assert visitor.texts() == ["hi there"]


def test_buttons_and_what_is_pressed(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    visitor.says("menu")
    conversation = deployment.bot_hears("the message", speaks)["Conversationid"]
    buttons = [{"title": "Yes", "payload": "y"}, {"title": "No", "payload": "n"}]
    event = {"EventID": 1001, "Conversation_ID": conversation, "Message": "Well?", "Messagetype": "buttons"}
    assert deployment.bot_posts(event | {"Buttons": buttons}).status == 202
    message = visitor.sees("Well?")
    assert message["type"] == "buttons"
    assert [button["title"] for button in message["content"]["buttons"]] == ["Yes", "No"]
    visitor.says(postback="y")
    pressed = deployment.bot_hears("the postback", lambda event: event.get("Event") == "FB POSTBACK")
    assert pressed["PostbackPayload"] == "y" and pressed["Conversationid"] == conversation


def test_to_a_person_and_back(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    visitor.says("hello")
    conversation = deployment.bot_hears("the message", speaks)["Conversationid"]
    over = {"event": "Handover", "conversation_id": conversation, "customparam1": "billing"}
    assert deployment.bot_posts(over).status == 202
    started = deployment.desk_hears("the chat", lambda event: event["type"] == "chat.started")
    assert is_signed(deployment.desk_end.heard[0], deployment.desk["signing_secret"])
    told = started["data"]
    assert told["custom_params"] == {"customparam1": "billing"} and told["reason"]
    assert [one["text"] for one in told["transcript"] if one["type"] == "text"] == ["hello"]
    chat = told["conversation_id"]

    late = deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "too late"})
    assert (late.status, late.code, late.json["owner"]) == (409, "not_owner", "desk")

    assert deployment.desk_posts({"type": "chat.accepted", "conversation_id": chat}).status == 202
    visitor.says("a person please")
    heard = deployment.desk_hears("the message", lambda event: event["type"] == "message.received")
    assert heard["data"]["message"]["text"] == "a person please"
    copy = deployment.bot_hears("a copy", lambda event: event.get("ConversationType") == "CCSP")
    assert (copy["Message"], copy["Author"]) == ("a person please", "customer")

    said = {"type": "agent.message", "conversation_id": chat, "text": "I am Ana", "agent": {"id": "7", "name": "Ana"}}
    assert deployment.desk_posts(said).status == 202
    shown = visitor.sees("I am Ana")
    assert (shown["author"]["kind"], shown["author"]["name"]) == ("agent", "Ana")
    copy = deployment.bot_hears("a copy of the agent's", lambda event: event.get("Author") == "agent")
    assert (copy["Message"], copy["ConversationType"], copy["Sequence"]) == ("I am Ana", "CCSP", 3)

    assert deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"}).status == 202
    closed = eventually(
        lambda: (reply := deployment.desk_posts(said)).status == 410 and reply, "410 for a chat that is closed"
    )
    assert closed.code == "conversation_closed"
    deployment.bot_end.answer = echo
    visitor.says("thanks")
    visitor.sees("you said thanks")
    back = deployment.bot_hears("the thread again", lambda event: event.get("Message") == "thanks")
    assert (back["ConversationType"], back["Conversationid"]) == ("BOT", conversation)

    assert deployment.bot_posts({"eventid": "1003", "conversation_id": conversation}).status == 202
    closed = eventually(
        lambda: (reply := deployment.bot_posts(over)).status == 410 and reply, "410 for a conversation that is closed"
    )
    visitor.says("hello again")
    anew = deployment.bot_hears("a new conversation", lambda event: event.get("Message") == "hello again")
    assert anew["Conversationid"] != conversation


# Channels of others


@pytest.fixture
def provider() -> Iterator[Outside]:
    with serving() as provider:
        provider.answer = lambda heard: (200, {"id": f"p{len(provider.heard)}"})
        yield provider


def test_a_custom_channel_in_out_and_status(deployment: Deployment, provider: Outside) -> None:
    channel = deployment.platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": provider.url}
    )
    secret = channel["secrets"]["signing_secret"]
    shown = deployment.platform.get(f"/v1/channels/{channel['id']}")
    assert secret not in json.dumps(shown)
    deployment.bot_end.answer = echo

    def post(body: Any, **how: Any) -> Reply:
        raw = json.dumps(body).encode()
        headers = signed(how.get("secret", secret), raw, at=how.get("at"))
        return deployment.platform.call("POST", channel["webhook_url"], raw, key=None, headers=headers)

    message = {"type": "message", "id": "c1", "from": "user-7", "name": "Uma", "text": "hi"}
    assert post(message).status == 202
    assert post([message, message | {"id": "c2", "text": "two"}]).status == 202
    eventually(lambda: len(provider.heard) == 2, "two answers at the provider")
    assert [heard.json["text"] for heard in provider.heard] == ["you said hi", "you said two"]
    assert all(heard.json["to"] == "user-7" and heard.json["type"] == "text" for heard in provider.heard)
    assert all(is_signed(heard, secret) for heard in provider.heard)
    event = deployment.bot_hears("the message", speaks)
    assert (event["Channel"], event["Contact"]["name"]) == ("Custom", "Uma")

    assert post({"type": "status", "id": "p1", "status": "read"}).status == 202
    receipt = deployment.bot_hears("the receipt", is_receipt)
    assert receipt["DeliveryStatus"] == "Read"

    for refused in (
        post(message, secret="whsec_" + "QUJD" * 8),
        post(message, at=int(time.time()) - 400),
        post(message, at=int(time.time()) + 400),
        deployment.platform.call("POST", channel["webhook_url"], message, key=None),
    ):
        assert refused.status == 401 and refused.code
    wrong = post({"type": "message"})
    assert wrong.status == 422 and wrong.code and wrong.json["errors"]
    assert [event["Message"] for event in deployment.bot_end.events() if speaks(event)] == ["hi", "two"]


def test_a_refusal_of_the_provider_is_told(deployment: Deployment, provider: Outside) -> None:
    provider.answer = lambda heard: (400, {"error": {"code": "blocked", "reason": "the user blocked you"}})
    channel = deployment.platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": provider.url}
    )
    deployment.bot_end.answer = echo
    raw = json.dumps({"type": "message", "id": "c1", "from": "u", "text": "hi"}).encode()
    headers = signed(channel["secrets"]["signing_secret"], raw)
    assert deployment.platform.call("POST", channel["webhook_url"], raw, key=None, headers=headers).status == 202
    receipt = deployment.bot_hears("the receipt", is_receipt)
    assert receipt["DeliveryStatus"] == "Failed" and "blocked" in receipt["Description"]


def test_whatsapp(deployment: Deployment) -> None:
    example = json.loads((EXAMPLES / "receive__text.json").read_text())["call"]
    status = json.loads((EXAMPLES / "status__read.json").read_text())["call"]["request"]["body"]
    secrets, number = example["channel"]["secrets"], example["channel"]["settings"]["phone_number_id"]
    with serving() as graph:
        graph.answer = lambda heard: (
            200,
            {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": "wamid.OUT1"}]},
        )
        base = graph.url.removesuffix("/hook") + "/v23.0"
        channel = deployment.platform.make(
            "channels", service_id=deployment.service, kind="whatsapp", name="wa",
            settings={"phone_number_id": number, "api_base": base}, secrets=secrets,
        )  # fmt: skip
        hook = channel["webhook_url"]
        asked = f"{hook}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
        challenge = deployment.platform.call("GET", asked + secrets["verify_token"], key=None)
        assert (challenge.status, challenge.raw) == (200, b"1158201444")
        assert deployment.platform.call("GET", asked + "wrong", key=None).status == 403

        def post(body: Any, secret: str = secrets["app_secret"]) -> Reply:
            raw = json.dumps(body).encode()
            digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
            headers = {"X-Hub-Signature-256": f"sha256={digest}"}
            return deployment.platform.call("POST", hook, raw, key=None, headers=headers)

        deployment.bot_end.answer = echo
        assert post(example["request"]["body"]).status == 200
        assert post(example["request"]["body"], "another").status == 401
        assert deployment.platform.call("POST", hook, example["request"]["body"], key=None).status == 401
        ignored = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "x", "value": {}}]}],
        }
        assert post(ignored).status == 200
        eventually(lambda: [heard for heard in graph.heard if heard.method == "POST"], "the reply at the Graph API")
        (sent,) = (heard for heard in graph.heard if heard.method == "POST")
        assert sent.path == f"/v23.0/{number}/messages"
        assert sent.headers["authorization"] == f"Bearer {secrets['access_token']}"
        assert (sent.json["to"], sent.json["messaging_product"]) == ("16505551234", "whatsapp")
        assert sent.json["text"]["body"] == "you said Does it come in another color?"
        event = deployment.bot_hears("the message", speaks)
        assert (event["Channel"], event["Contact"]["name"]) == ("WhatsApp", "Sheena Nelson")
        assert post(status).status == 200
        assert deployment.bot_hears("the receipt", is_receipt)["DeliveryStatus"] == "Read"


# Refusals


def test_bad_input_is_named(platform: Platform) -> None:
    service = platform.service()
    malformed = platform.call("POST", "/v1/services", b'{"name": ')
    assert (malformed.status, malformed.code) == (400, "malformed_json")
    bot = {
        "service_id": service,
        "kind": "webhook",
        "name": "b",
        "profile": "imi",
        "webhook_url": "http://127.0.0.1:1/",
    }
    for wrong, path in (
        ({"retry": {"waits_s": [0]}}, "/retry/waits_s/0"),
        ({"retry": {"waits_s": [1] * 5}}, "/retry/waits_s"),
        ({"retry": {"waits_s": [3000, 601]}}, "/retry/waits_s"),
        ({"timeout_s": 6}, "/timeout_s"),
        ({"profile": "other"}, "/profile"),
        ({"webhook_url": "nowhere"}, "/webhook_url"),
    ):
        refused = platform.call("POST", "/v1/bots", bot | wrong)
        assert refused.status == 422 and refused.code and path in [one["path"] for one in refused.json["errors"]]
    several = platform.call("POST", "/v1/bots", {"service_id": service, "name": 5, "webhook_url": 6})
    assert {"/name", "/webhook_url"} <= {one["path"] for one in several.json["errors"]}
    rule = {"service_id": service, "name": "r", "to": "none", "when": {"==": [{"var": "message.nope"}, 1]}}
    refused = platform.call("POST", "/v1/rules", rule)
    assert refused.status == 422 and refused.json["errors"][0]["path"].startswith("/when")
    for plural in ("services", "channels", "bots", "desks", "rules", "conversations", "deliveries"):
        missing = platform.call("GET", f"/v1/{plural}/xx_nothing")
        assert missing.status == 404 and missing.code, plural
    large = platform.call("POST", "/v1/services", b'{"name": "' + b"x" * 1_100_000 + b'"}')
    assert (large.status, large.code) == (413, "too_large")


def test_what_bots_and_desks_are_refused(deployment: Deployment) -> None:
    deployment.visitor().says("hello")
    conversation = deployment.bot_hears("the message", speaks)["Conversationid"]
    said = {"eventid": "1001", "conversation_id": conversation, "message": "x"}
    url = deployment.bot["events_url"]
    cases: tuple[tuple[str, Any, int], ...] = (
        (url[:-1] + ("a" if url[-1] != "a" else "b"), said, 404),
        (url, said | {"conversation_id": conversation[:-1] + ("8" if conversation[-1] != "8" else "9")}, 404),
        (url, {"eventid": "1001", "conversation_id": conversation}, 422),
        (url, {"eventid": "9999", "conversation_id": conversation, "message": "x"}, 422),
        (url, said | {"message": "x" * 16_500}, 413),
        (url, b"{nonsense", 400),
        (url, b'{"message": "' + b"x" * 66_000 + b'"}', 413),
        (deployment.desk["events_url"], {"type": "agent.message", "conversation_id": conversation, "text": "x"}, 404),
        (deployment.desk["events_url"], {"type": "nonsense", "conversation_id": conversation}, 422),
        (deployment.desk["events_url"], b"x" * 66_000, 413),
    )
    for where, body, status in cases:
        refused = deployment.platform.call("POST", where, body, key=None)
        assert refused.status == status and refused.code, (status, refused.status, refused.raw[:300])
    large = {"text": "x" * 1_100_000}
    refused = deployment.platform.call("POST", f"/channels/{deployment.channel['id']}/webhook", large, key=None)
    assert (refused.status, refused.code) == (413, "too_large")
    long = {"text": "x" * 17_000}
    refused = deployment.platform.call("POST", f"/channels/{deployment.channel['id']}/webhook", long, key=None)
    assert refused.status == 413 and refused.code
    nobody = deployment.platform.call(
        "POST", "/channels/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa/webhook", {"text": "x"}, key=None
    )
    assert nobody.status == 404 and nobody.code


def test_verification(platform: Platform) -> None:
    service = platform.service()
    with serving() as end:
        bot = platform.make(
            "bots", service_id=service, kind="webhook", name="b", profile="imi", webhook_url=end.url,
            verification_token=TOKEN,
        )  # fmt: skip
        assert bot["status"] == "unverified" and bot["signing_secret"].startswith("whsec_")
        refused = platform.call("POST", f"/v1/bots/{bot['id']}/verify")
        assert (refused.status, refused.code) == (422, "verification_failed") and "token" in refused.json["detail"]
        challenge = end.heard[0].json
        assert challenge["Event"] == "Verification" and challenge["Challenge"] and challenge["Timestamp"]
        assert is_signed(end.heard[0], bot["signing_secret"])
        end.answer = lambda heard: (200, {"VerificationToken": TOKEN, "Challenge": "another"})
        assert platform.call("POST", f"/v1/bots/{bot['id']}/verify").status == 422
        rights: tuple[Any, ...] = (
            (200, TOKEN.encode()),
            (200, {"token": TOKEN}),
            (200, {"verificationToken": TOKEN}),
            (202, {}, {"X-Verification-Token": TOKEN}),
        )
        for right in rights:
            end.answer = partial(_always, right)
            platform.verify("bots", bot)
        shown = platform.get(f"/v1/bots/{bot['id']}")
        assert shown["status"] == "active" and bot["signing_secret"] not in json.dumps(shown)
        assert TOKEN not in json.dumps(shown)
        changed = platform.call("PATCH", f"/v1/bots/{bot['id']}", {"webhook_url": end.url + "2"})
        assert changed.status == 200 and changed.json["status"] == "unverified"


def test_once_per_idempotency_key(deployment: Deployment) -> None:
    platform, headers = deployment.platform, {"Idempotency-Key": "k1"}
    body = {"service_id": deployment.service, "kind": "webchat", "name": "second"}
    one = platform.call("POST", "/v1/channels", body, headers=headers)
    two = platform.call("POST", "/v1/channels", body, headers=headers)
    assert (one.status, two.status) == (201, 201) and one.json == two.json
    other = platform.call("POST", "/v1/channels", body | {"name": "third"}, headers=headers)
    assert (other.status, other.code) == (409, "idempotency_conflict")
    assert len(platform.get(f"/v1/channels?service_id={deployment.service}")["data"]) == 2
    visitor = deployment.visitor()
    visitor.says("hello")
    conversation = deployment.bot_hears("the message", speaks)["Conversationid"]
    said = {"eventid": "1001", "conversation_id": conversation, "message": "once"}
    first_answer = deployment.bot_posts(said, headers=headers)
    assert deployment.bot_posts(said, headers=headers).json == first_answer.json
    deployment.bot_posts(said | {"message": "end"})
    visitor.sees("end")
    assert visitor.texts() == ["once", "end"]


def test_what_was_said_can_be_read(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    deployment.bot_end.answer = echo
    message = visitor.says("hello")
    visitor.sees("you said hello")
    conversation = first(deployment.bot_end, "the message", speaks)["Conversationid"]
    listed = deployment.platform.get(f"/v1/messages?conversation_id={conversation}")["data"]
    assert {one["text"] for one in listed} >= {"hello", "you said hello"}
    mine = next(one for one in listed if one["id"] == message)
    assert mine.keys() >= {
        "id", "conversation_id", "thread_id", "contact_id", "source", "direction", "author", "type", "text", "content",
        "media", "state", "sent_at", "sequence", "metadata", "from_contact", "delivery_state",
    }  # fmt: skip
    assert (mine["direction"], mine["author"]["kind"], mine["from_contact"]) == ("in", "user", True)
    delivered = eventually(
        lambda: deployment.platform.deliveries(message_id=message, status="delivered"), "the delivery as delivered"
    )
    assert delivered[0]["attempts"][0]["status_code"] == 200 and delivered[0]["lane"]
    assert delivered[0]["attempts"][0].keys() >= {"n", "at", "took_ms", "status_code", "error", "response_head"}
