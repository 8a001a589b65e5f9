"""What passes between channels and their providers (contract sections 6 to 9), beyond a text and its answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.outside import Answer, Heard, Outside, serving
from tests.stack.conftest import Deployment, Reply, eventually
from tests.stack.signed import is_signed, signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

SECRET = "whsec_" + "QUJDREVG" * 4
BUTTONS = [{"title": "Yes", "payload": "y"}, {"title": "No", "payload": "n"}]
PHOTO = {"url": "https://files.example/1.png", "mime_type": "image/png", "size": 12, "name": "1.png"}


@pytest.fixture
def provider() -> Iterator[Outside]:
    with serving() as provider:
        provider.answer = lambda heard: (200, {"id": f"p{len(provider.heard)}"})
        yield provider


def says(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("Message") == text


def receipt_of(message: str, word: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: (event.get("Messageid"), event.get("DeliveryStatus")) == (message, word)


def said(conversation: str, text: str, **more: Any) -> dict[str, Any]:
    return {"eventid": "1001", "conversation_id": conversation, "message": text} | more


# Web chat


def test_a_web_chat_keeps_its_visitors_apart(deployment: Deployment) -> None:
    platform, hook = deployment.platform, f"/channels/{deployment.channel['id']}"

    def chat(**body: Any) -> dict[str, Any]:
        reply = platform.call("POST", f"{hook}/webhook", body, key=None)
        assert reply.status == 202, reply.raw
        answer: dict[str, Any] = reply.json
        return answer

    def messages(session: str, query: str = "") -> dict[str, Any]:
        page: dict[str, Any] = platform.get(f"{hook}/messages?session={session}{query}", key=None)
        return page

    one, two = chat(text="one", id="1"), chat(text="two", id="1")
    assert one.keys() == {"session", "message_id"} and one["session"] != two["session"] and len(one["session"]) >= 40
    assert one["message_id"] != two["message_id"], "an id is the session's own"
    assert chat(session=one["session"], text="one again", id="1") == one, "the same id is the same message"
    chat(session=one["session"], postback={"payload": "p1", "title": "Press me"})
    pressed = deployment.bot_hears("the postback", lambda event: "PostbackPayload" in event)
    assert pressed["PostbackPayload"] == "p1"
    conversations = {text: deployment.bot_hears(text, says(text))["Conversationid"] for text in ("one", "two")}
    assert pressed["Conversationid"] == conversations["one"] != conversations["two"]
    assert not [event for event in deployment.bot_end.events() if event.get("Message") == "one again"]

    began = time.monotonic()
    assert messages(one["session"], "&wait_s=1") == {"data": [], "next": messages(one["session"])["next"]}
    assert 0.9 < time.monotonic() - began < 5
    posted = deployment.bot_posts([said(conversations["one"], "A"), said(conversations["one"], "B")]).json["events"]
    began = time.monotonic()
    page = messages(one["session"], "&wait_s=20")
    assert page["data"] and time.monotonic() - began < 10, "as soon as there is something"
    eventually(lambda: len(messages(one["session"])["data"]) == 2, "both")
    whole = messages(one["session"])
    assert [message["id"] for message in whole["data"]] == [event["message_id"] for event in posted]
    assert messages(one["session"], f"&after={whole['next']}")["data"] == [] == messages(two["session"])["data"]
    # Nobody reads in another's session, and what was not said there cannot be marked as read.
    chat(session=two["session"], read=posted[0]["message_id"])
    chat(session=one["session"], read=[posted[1]["message_id"]])
    deployment.bot_hears("B as read", receipt_of(posted[1]["message_id"], "Read"))
    assert not [event for event in deployment.bot_end.events() if receipt_of(posted[0]["message_id"], "Read")(event)]
    for session in ("", "x", one["session"][:-1], one["session"] + "A"):
        refused = platform.call("GET", f"{hook}/messages?session={session}", key=None)
        assert refused.status == 422 and refused.json["errors"], session
    assert messages("A" * 43) == {"data": [], "next": "0"}
    for query, status in (("after=x", 400), ("wait_s=21", 422)):
        refused = platform.call("GET", f"{hook}/messages?session={one['session']}&{query}", key=None)
        assert refused.status == status and refused.code
    script = platform.call("GET", f"{hook}/widget.js", key=None)
    assert script.status == 200 and script.headers["content-type"].startswith("text/javascript")
    assert platform.call("GET", deployment.channel["chat_url"], key=None).status == 200
    for where in ("/channels/ch_nothing/widget.js", "/channels/ch_nothing/messages?session=" + one["session"]):
        assert platform.call("GET", where, key=None).code == "unknown_channel"


# Custom


def test_all_that_a_custom_channel_carries(deployment: Deployment, provider: Outside) -> None:
    platform = deployment.platform
    settings = {"send_url": provider.url, "name": "our gateway"}
    channel = platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings=settings,
        secrets={"signing_secret": SECRET},
    )  # fmt: skip
    assert not channel.get("secrets") and SECRET not in json.dumps(platform.get(f"/v1/channels/{channel['id']}"))
    assert platform.get(f"/v1/channels/{channel['id']}")["settings"] == settings

    def post(*events: dict[str, Any]) -> Reply:
        raw = json.dumps(list(events)).encode()
        return platform.call("POST", channel["webhook_url"], raw, key=None, headers=signed(SECRET, raw))

    def message(id: str, **more: Any) -> dict[str, Any]:
        return {"type": "message", "id": id, "from": "u7", "name": "Uma"} | more

    place = {"latitude": 52.5, "longitude": 13.4, "name": "Office"}
    taken = post(
        message("c1", text="look", media=[PHOTO], sent_at="2026-01-02T03:04:05.670Z"),
        message("c2", location=place),
        message("c3", postback="p1"),
        message("c4", text="said on our own phone", echo=True),
        message("c5", text="done"),
    )
    assert taken.status == 202
    deployment.bot_hears("the last", says("done"))
    image, location, pressed, done = deployment.bot_end.events()
    assert (image["MessageType"], image["Media"], image["Timestamp"]) == ("image", PHOTO, "2026-01-02 03:04:05.67")
    assert location["MessageType"] == "location" and location["Details"] == place
    assert pressed["PostbackPayload"] == "p1"
    assert [event["Sequence"] for event in (image, location, pressed, done)] == [1, 2, 3, 4]
    conversation = done["Conversationid"]
    kept = platform.get(f"/v1/messages?conversation_id={conversation}")["data"]
    assert [one["text"] for one in kept if one["direction"] == "out"] == ["said on our own phone"]

    sent: dict[str, str] = {}
    for text, more in (
        ("text", {}), ("files", {"Messagetype": "image", "Media": PHOTO}),
        ("Well?", {"Messagetype": "buttons", "Buttons": BUTTONS}), ("refused", {}),
    ):  # fmt: skip
        if text == "refused":
            provider.answer = lambda heard: (422, {"error": {"code": "E7", "reason": "no such user"}})
        sent[text] = deployment.bot_posts(said(conversation, text, **more)).json["message_id"]
        eventually(lambda: len(provider.heard) == len(sent), text)
    bodies = [heard.json for heard in provider.heard]
    assert all(body.keys() >= {"id", "to", "type", "text", "media", "buttons"} for body in bodies)
    assert [(body["to"], body["type"], body["text"]) for body in bodies] == [
        ("u7", "text", "text"), ("u7", "image", "files"), ("u7", "buttons", "Well?"), ("u7", "text", "refused"),
    ]  # fmt: skip
    assert [(body["media"], body["buttons"]) for body in bodies[:3]] == [([], []), ([PHOTO], []), ([], BUTTONS)]
    assert all(is_signed(heard, SECRET) for heard in provider.heard)
    assert [heard.headers["webhook-id"] for heard in provider.heard] == [body["id"] for body in bodies]
    failed = deployment.bot_hears("the refusal", receipt_of(sent["refused"], "Failed"))
    assert "no such user" in failed["Description"]

    def status(id: str, word: str, **more: Any) -> dict[str, Any]:
        return {"type": "status", "id": id, "status": word} | more

    error = {"code": "470", "reason": "the line is dead"}
    assert post(status("p1", "sent"), status("p1", "delivered"), status("p1", "read"), status("p1", "delivered"),
                status("p2", "failed", error=error), status("nobody knows", "read")).status == 202  # fmt: skip
    deployment.bot_hears("that it was read", receipt_of(sent["text"], "Read"))
    failed = deployment.bot_hears("that it failed", receipt_of(sent["files"], "Failed"))
    assert "the line is dead" in failed["Description"]
    told = [event["DeliveryStatus"] for event in deployment.bot_end.events() if event.get("Messageid") == sent["text"]]
    assert told == ["Delivered", "Read"], "each once, in order"
    shown = {name: platform.get(f"/v1/messages/{id}") for name, id in sent.items()}
    assert [shown[name]["state"] for name in sent] == ["read", "failed", "sent", "failed"]
    assert (shown["files"]["error"], shown["refused"]["error"]["code"]) == (error, "E7")
    for wrong, paths in (
        (message("c6"), ["/0"]), (message("c7", media=[{"url": "x"}]), ["/0/media/0/url"]),
        (message("c8", location={"latitude": 91, "longitude": 0}), ["/0/location/latitude"]),
        ({"type": "message", "text": "x"}, ["/0/from", "/0/id"]), (status("p1", "gone"), ["/0/status"]),
        ({"type": "nonsense", "id": "1", "from": "u", "text": "x"}, ["/0/type"]),
    ):  # fmt: skip
        refused = post(wrong)
        assert refused.status == 422 and [one["path"] for one in refused.json["errors"]] == paths, refused.raw

    # The business speaks first, to somebody of whom nothing was heard.
    provider.answer = lambda heard: (200, {"id": f"p{len(provider.heard)}"})
    first = {"to": {"channel_id": channel["id"], "address": "u8"}, "text": "Your parcel is here."}
    first["service_id"] = deployment.service
    spoken = platform.call("POST", "/v1/messages", first)
    assert spoken.status == 202 and spoken.json.keys() >= {"message_id", "conversation_id", "thread_id"}
    eventually(lambda: (provider.heard[-1].json["to"], provider.heard[-1].json["text"]) == ("u8", first["text"]), "it")
    assert (
        platform.get(f"/v1/conversations/{spoken.json['conversation_id']}")["thread"]["id"] == spoken.json["thread_id"]
    )
    assert post({"type": "consent", "id": "n1", "from": "u8", "given": False}).status == 202
    stopped = eventually(
        lambda: found if (found := platform.call("POST", "/v1/messages", first)).status != 202 else None, "their no"
    )
    assert (stopped.status, stopped.json["code"]) == (409, "opted_out")


# Deliveries


def test_a_delivery_is_found_by_all_that_it_is_about(deployment: Deployment, provider: Outside) -> None:
    platform = deployment.platform
    channel = platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": provider.url},
        secrets={"signing_secret": SECRET},
    )  # fmt: skip
    raw = json.dumps({"type": "message", "id": "c1", "from": "u7", "text": "hello"}).encode()
    assert platform.call("POST", channel["webhook_url"], raw, key=None, headers=signed(SECRET, raw)).status == 202
    event = deployment.bot_hears("it", says("hello"))
    conversation = event["Conversationid"]
    answer = deployment.bot_posts(said(conversation, "hi")).json["message_id"]
    deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
    chat = deployment.desk_hears("the chat", lambda event: event["type"] == "chat.started")["data"]["conversation_id"]

    def found(**query: str) -> set[str]:
        rows = eventually(lambda: platform.deliveries(**query, status="delivered"), f"delivered by {query}")
        for row in rows:
            assert row == platform.get(f"/v1/deliveries/{row['id']}") and row["next_attempt_at"] is None
            assert row.keys() >= {"id", "lane", "status", "attempts", "next_attempt_at"}
            (attempt,) = row["attempts"]
            assert attempt.keys() == {"n", "at", "took_ms", "status_code", "error", "response_head"}
            assert (attempt["n"], attempt["error"]) == (1, None) and attempt["took_ms"] >= 0
        return {row["id"] for row in rows}

    to_bot, to_desk, to_channel = (
        found(bot_id=deployment.bot["id"]),
        found(desk_id=deployment.desk["id"]),
        found(channel_id=channel["id"]),
    )
    assert [len(ids) for ids in (to_bot, to_desk, to_channel)] == [1, 1, 1]
    assert found(message_id=event["Messageid"]) == to_bot and found(message_id=answer) == to_channel
    assert found(conversation_id=conversation) == to_bot | to_channel and found(conversation_id=chat) == to_desk
    for status in ("pending", "waiting", "failed", "expired", "poison"):
        assert platform.deliveries(bot_id=deployment.bot["id"], status=status) == []
    for query, refusal in (("", 422), ("?status=delivered", 422), (f"?bot_id={deployment.bot['id']}&status=lost", 422),
                          ("?message_id=ms_nothing", 404), ("?conversation_id=cv_nothing", 404)):  # fmt: skip
        refused = platform.call("GET", f"/v1/deliveries{query}")
        assert refused.status == refusal and refused.code, query
    # What was already delivered to a provider or a desk can be sent again; the id outside stays.
    again = platform.call("POST", f"/v1/deliveries/{to_channel.pop()}/replay")
    assert again.status == 202 and again.json["status"] == "pending"
    eventually(lambda: len(provider.heard) == 2, "it again")
    assert provider.heard[0].headers["webhook-id"] == provider.heard[1].headers["webhook-id"]
    wrong = {"bot_id": deployment.bot["id"], "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
    refused = platform.call("POST", "/v1/deliveries:replay", wrong)
    assert refused.status == 422 and refused.json["errors"][0]["path"] == "/until"


# WhatsApp


def test_all_that_whatsapp_carries(deployment: Deployment) -> None:
    platform, number = deployment.platform, "106540352242922"
    with serving() as graph:
        file = b"the bytes of a picture"

        def cloud(heard: Heard) -> Answer:
            if heard.path.endswith("/messages"):
                return 200, {"messages": [{"id": f"wamid.{len(posted())}"}]}
            if heard.path.endswith("/file"):
                return 200, file, {"Content-Type": "image/jpeg"}
            return 200, {"url": f"{base}/file", "mime_type": "image/jpeg", "id": "555"}

        base = graph.url.removesuffix("/hook") + "/v23.0"
        graph.answer = cloud
        channel = platform.make(
            "channels", service_id=deployment.service, kind="whatsapp", name="wa",
            settings={"phone_number_id": number, "api_base": base},
            secrets={"app_secret": "s3", "access_token": "a1", "verify_token": "v1"},
        )  # fmt: skip
        hook = channel["webhook_url"]
        asked = "hub.mode=subscribe&hub.challenge=11584&hub.verify_token="
        handshake = platform.call("GET", f"{hook}?{asked}v1", key=None)
        assert (handshake.status, handshake.raw) == (200, b"11584")
        assert handshake.headers["content-type"].startswith("text/plain")
        for query in (f"{asked}wrong", asked, "hub.challenge=1", "hub.mode=other&hub.verify_token=v1&hub.challenge=1"):
            assert platform.call("GET", f"{hook}?{query}", key=None).status == 403, query

        def posted() -> list[dict[str, Any]]:
            return [heard.json for heard in graph.heard if heard.path == f"/v23.0/{number}/messages"]

        def post(**value: Any) -> int:
            about = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}}
            change = {"field": "messages", "value": about | value}
            raw = json.dumps(
                {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
            ).encode()
            digest = hmac.new(b"s3", raw, hashlib.sha256).hexdigest()
            headers = {"X-Hub-Signature-256": f"sha256={digest}"}
            return platform.call("POST", hook, raw, key=None, headers=headers).status

        def message(kind: str, given: Any, id: str) -> dict[str, Any]:
            return {"from": "4915112345678", "id": id, "timestamp": "1795224225", "type": kind, kind: given}

        person = [{"profile": {"name": "Ada"}, "wa_id": "4915112345678"}]
        picture = message("image", {"id": "555", "mime_type": "image/jpeg", "caption": "look"}, "wamid.A")
        assert post(contacts=person, messages=[picture]) == 200
        heard = deployment.bot_hears("the picture", says("look"))
        assert (heard["Channel"], heard["MessageType"], heard["Contact"]["name"]) == ("WhatsApp", "image", "Ada")
        assert heard["Media"]["url"].startswith(platform.up.base_url), "not a reference that only Meta knows"
        with urllib.request.urlopen(heard["Media"]["url"]) as got:
            assert got.read() == file
        assert platform.call("GET", heard["Media"]["url"][:-1] + "7", key=None).code == "unknown_media"
        conversation = heard["Conversationid"]

        rows = [{"id": f"r{n}", "title": f"Row {n}", "description": ""} for n in range(12)]
        wanted: list[dict[str, Any]] = [
            {"Messagetype": "buttons", "Buttons": BUTTONS},
            {"Messagetype": "list", "List": {"button": "Choose", "sections": [{"title": "S", "rows": rows[:3]}]}},
            {"Messagetype": "image", "Media": PHOTO},
            {"Messagetype": "location", "latitude": 1.5, "longitude": 2.5},
            {"Messagetype": "template", "Template": {"name": "hi", "language": "en", "parameters": ["Ada"]}},
            {"Messagetype": "list", "List": {"button": "Choose", "sections": [{"title": "S", "rows": rows}]}},
        ]
        for given in wanted:
            assert (
                deployment.bot_posts(said(conversation, "Well?" if "Template" not in given else "", **given)).status
                == 202
            )
        eventually(lambda: len(posted()) >= 7, "all at the Graph API")
        assert all(heard.headers["authorization"] == "Bearer a1" for heard in graph.heard)
        sent = posted()
        assert all((one["to"], one["messaging_product"]) == ("4915112345678", "whatsapp") for one in sent)
        buttons, choice, image, words, place, template, numbered = sent
        assert [one["type"] for one in sent] == [
            "interactive", "interactive", "image", "text", "location", "template", "text",
        ]  # fmt: skip
        assert [one["reply"] for one in buttons["interactive"]["action"]["buttons"]] == [
            {"id": "y", "title": "Yes"}, {"id": "n", "title": "No"},
        ]  # fmt: skip
        action = choice["interactive"]["action"]
        assert (action["button"], [row["id"] for row in action["sections"][0]["rows"]]) == (
            "Choose",
            ["r0", "r1", "r2"],
        )
        assert image["image"] == {"link": PHOTO["url"], "caption": "Well?"} and words["text"]["body"] == "Well?"
        assert (place["location"]["latitude"], template["template"]["name"]) == (1.5, "hi")
        assert "2. Row 1" in numbered["text"]["body"], "what it cannot show is said in text"

        reply = {"type": "list_reply", "list_reply": {"id": "r1", "title": "Row 1"}}
        assert post(contacts=person, messages=[message("interactive", reply, "wamid.B")]) == 200
        assert deployment.bot_hears("the choice", lambda event: event.get("PostbackPayload") == "r1")
        button = message(
            "interactive", {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}}, "wamid.C"
        )
        assert post(contacts=person, messages=[button, button]) == 200
        assert deployment.bot_hears("the button", lambda event: event.get("PostbackPayload") == "y")
        failure = {"code": 131047, "title": "Re-engagement message", "error_data": {"details": "more than 24 hours"}}
        statuses = [
            {"id": "wamid.1", "status": "delivered", "timestamp": "1795224226", "recipient_id": "4915112345678"},
            {"id": "wamid.2", "status": "failed", "timestamp": "1795224226", "errors": [failure]},
        ]
        assert post(statuses=statuses) == 200
        deployment.bot_hears("the receipt", lambda event: event.get("DeliveryStatus") == "Delivered")
        failed = deployment.bot_hears("the failure", lambda event: event.get("DeliveryStatus") == "Failed")
        assert "more than 24 hours" in failed["Description"]
        assert post(messages=[message("ephemeral", {}, "wamid.D")], statuses=[{"status": "new"}]) == 200
        assert len([event for event in deployment.bot_end.events() if event.get("PostbackPayload") == "y"]) == 1
