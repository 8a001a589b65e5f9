"""WhatsApp, with Meta's Cloud API played by a server of ours: its own webhook bodies in, its send calls out."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cloud import CutOff, taps
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard, Outside, serving

PHONE, WA_ID = "106540352242922", "4915112345678"


@pytest.fixture
def graph() -> Iterator[Outside]:
    with serving() as graph:

        def answer(heard: Heard) -> tuple[int, Any]:
            if heard.path.endswith("/messages"):
                return 200, {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.out{len(graph.heard)}"}]}
            if heard.path.endswith("/media-1"):
                file = b"\x89PNG picture"
                where = graph.url.replace("/hook", "/file")
                return 200, {"url": where, "mime_type": "image/png", "sha256": hashlib.sha256(file).hexdigest()}
            return 200, b"\x89PNG picture"

        graph.answer = answer
        yield graph


@pytest.fixture
def number(deployment: Deployment, graph: Outside) -> dict[str, Any]:
    base = graph.url.replace("/hook", "/v24.0")
    settings = {"phone_number_id": PHONE, "api_base": base}
    secrets = {"app_secret": "app-secret", "access_token": "EAAG-token", "verify_token": "verify-me"}
    made = deployment.make(
        "channels", service_id=deployment.ids["care"], kind="whatsapp", name="wa", settings=settings, secrets=secrets
    )
    graph.forget()  # what it was asked about the number
    return made


def post(
    deployment: Deployment,
    number: dict[str, Any],
    value: dict[str, Any],
    *,
    secret: str = "app-secret",
    settled: bool = True,
) -> int:
    meta = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "4930", "phone_number_id": PHONE}}
    changes = [{"field": "messages", "value": meta | value}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    raw = json.dumps(body).encode()
    signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    status, _ = deployment.call("POST", number["webhook_url"], raw, headers={"X-Hub-Signature-256": signature})
    if settled:
        deployment.cloud.pump()
    return status


def said(message: dict[str, Any], id: str = "wamid.in1") -> dict[str, Any]:
    person = {"profile": {"name": "Kim"}, "wa_id": WA_ID}
    return {"contacts": [person], "messages": [{"from": WA_ID, "id": id, "timestamp": "1763683200"} | message]}


def test_verification(deployment: Deployment, number: dict[str, Any]) -> None:
    query = "?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1158201444"
    assert deployment.call("GET", number["webhook_url"] + query) == (200, "1158201444")
    assert deployment.call("GET", number["webhook_url"] + query.replace("verify-me", "no"))[0] == 403


def test_text_in_answer_out_statuses_back(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    def answer(heard: Heard) -> tuple[int, Any]:
        said = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "hello Kim"}
        return 200, {"token": TOKEN, "events": [said] if heard.json["Event"] == "Incoming message" else []}

    deployment.bot.answer = answer
    assert post(deployment, number, said({"type": "text", "text": {"body": "hi"}})) == 200
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"], event["Contact"]["name"]) == ("hi", "WhatsApp", "Kim")
    sent = graph.heard[-1]
    assert sent.path == f"/v24.0/{PHONE}/messages" and sent.headers["authorization"] == "Bearer EAAG-token"
    assert sent.json["to"] == WA_ID and sent.json["text"]["body"] == "hello Kim"
    status = {"id": "wamid.out1", "status": "delivered", "timestamp": "1763683201", "recipient_id": WA_ID}
    assert post(deployment, number, {"statuses": [status]}) == 200
    assert deployment.bot.events()[-1]["DeliveryStatus"] == "Delivered"


def test_statuses_in_any_order(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    """Whatever comes late, twice, for nobody or after the fact: a message that was read stays read."""
    deployment.bot.answer = lambda heard: (200, {"token": TOKEN, "events": [
        {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "answer"}
    ] if heard.json["Event"] == "Incoming message" else []})  # fmt: skip
    assert post(deployment, number, said({"type": "text", "text": {"body": "q"}})) == 200
    failed = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
    for id, status, more in (
        ("wamid.out1", "read", {}), ("wamid.out1", "delivered", {}), ("wamid.out1", "sent", {}),
        ("wamid.nobody", "sent", {}), ("", "read", {}), ("wamid.out1", "read", {}), ("wamid.out1", "failed", failed),
    ):  # fmt: skip
        one = {"id": id, "status": status, "timestamp": "1763683201", "recipient_id": WA_ID} | more
        assert post(deployment, number, {"statuses": [one]}) == 200
    _, listed = deployment.call("GET", f"/v1/messages?conversation_id={deployment.bot.events()[0]['Conversationid']}")
    assert [one["state"] for one in listed["data"] if one["direction"] == "out"] == ["read"]
    assert [event["DeliveryStatus"] for event in deployment.bot.events() if event["Event"] == "Message Delivery"] == [
        "Read"
    ]


@pytest.mark.parametrize("twice", [False, True])
def test_an_album_of_somebody_new_is_one_person_and_one_conversation(
    deployment: Deployment, number: dict[str, Any], twice: bool
) -> None:
    """Its pictures come by posts of their own at one time, each perhaps twice, before anybody knows who it is."""
    deployment.cloud.duplicate = twice
    pictures = [{"type": "image", "image": {"id": f"9{n}", "mime_type": "image/jpeg"}} for n in range(6)]
    for n, picture in [*enumerate(pictures), *enumerate(pictures)]:
        assert post(deployment, number, said(picture, f"wamid.{n}"), settled=False) == 200
    deployment.cloud.pump()
    (person,) = deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}")[1]["data"]
    (conversation,) = deployment.call("GET", f"/v1/conversations?service_id={deployment.ids['care']}")[1]["data"]
    _, listed = deployment.call("GET", f"/v1/messages?conversation_id={conversation['id']}")
    assert [one["type"] for one in listed["data"] if one["direction"] == "in"] == ["image"] * 6
    assert conversation["contact"]["id"] == person["id"]


def test_a_wrong_signature(deployment: Deployment, number: dict[str, Any]) -> None:
    assert post(deployment, number, said({"type": "text", "text": {"body": "x"}}), secret="other") == 401
    assert deployment.bot.events() == []


def cut_off(run: Callable[[], Any], side: str, at: int) -> bool:
    """Cut a run off before or after its n-th call to AWS; False where it has fewer."""
    seen = {"before": -1, "after": -1}

    def listen(when: str, operation: str) -> None:
        seen[when] += 1
        if when == side and seen[when] == at:
            raise CutOff(operation)

    taps.listen = listen
    try:
        run()
    except CutOff:
        return True
    finally:
        taps.listen = None
    return False


def test_a_picture_reaches_the_bot_as_a_link(deployment: Deployment, number: dict[str, Any]) -> None:
    from chalicelib.ports import media
    from chalicelib.ports.settings import settings

    picture = {"id": "media-1", "mime_type": "image/png", "sha256": "x", "caption": "look"}
    assert post(deployment, number, said({"type": "image", "image": picture})) == 200
    event = deployment.bot.events()[0]
    assert event["MessageType"] == "image" and event["Media"]["mime_type"] == "image/png"
    path = event["Media"]["url"]
    assert path.endswith(f"/media/{event['Messageid']}/0")
    where = path[path.index("/media/") :]
    # Whoever is cut off at a call asks again: the file is fetched once more, or is there.
    cuts = 0
    for side, at in itertools.product(("before", "after"), range(20)):
        deployment.cloud.clients["s3"].delete_object(Bucket=settings().media_bucket, Key=f"{event['Messageid']}/0")
        if not cut_off(lambda: deployment.call("GET", where), side, at):
            continue
        cuts += 1
        assert deployment.call("GET", where)[0] == 302
        again = deployment.cloud.clients["s3"].get_object(Bucket=settings().media_bucket, Key=f"{event['Messageid']}/0")
        assert again["Body"].read() == b"\x89PNG picture"
    assert cuts >= 6, "the message, the channel, whether it is kept, and keeping it: before and after each"
    kept = deployment.cloud.clients["s3"].get_object(Bucket=settings().media_bucket, Key=f"{event['Messageid']}/0")
    assert kept["Body"].read() == b"\x89PNG picture" and media.has(f"{event['Messageid']}/0")
    assert deployment.call("GET", path[path.index("/media/") : -1] + "7")[0] == 404

    # The file goes with the person who sent it.
    (sender,) = deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}&phone=%2B{WA_ID}")[1]["data"]
    assert deployment.call("DELETE", f"/v1/contacts/{sender['id']}")[0] == 202
    deployment.cloud.pump()
    proof = deployment.call("GET", f"/v1/contacts/{sender['id']}/erasure")[1]
    assert (proof["status"], proof["erased"]["media"]) == ("done", 1)
    assert not media.has(f"{event['Messageid']}/0")
    assert deployment.call("GET", path[path.index("/media/") :])[0] == 404


@pytest.mark.parametrize("letter", ["a", "ö", "🙂", "\n"])
def test_long_texts_come_whole_up_to_our_limit(deployment: Deployment, number: dict[str, Any], letter: str) -> None:
    """A provider cannot be answered 413: what is longer is cut, and says so."""
    most = 16 * 1024
    whole, longer = letter * (most // len(letter.encode())), letter * (most // len(letter.encode()) + 1) + "end"
    assert post(deployment, number, said({"type": "text", "text": {"body": whole}}, "wamid.in1")) == 200
    assert post(deployment, number, said({"type": "text", "text": {"body": longer}}, "wamid.in2")) == 200
    picture = {"type": "image", "image": {"id": "media-1", "mime_type": "image/png", "caption": whole}}
    assert post(deployment, number, said(picture, "wamid.in3")) == 200
    texts = [event["Message"] for event in deployment.bot.events()]
    assert [len(text) for text in texts] == [len(whole)] * 3 and texts[0] == texts[2] == whole
    assert [event.get("Details", {}).get("truncated") for event in deployment.bot.events()] == [None, True, None]
    _, listed = deployment.call("GET", f"/v1/messages?conversation_id={deployment.bot.events()[0]['Conversationid']}")
    assert {one["text"] for one in listed["data"]} == {whole}


def test_a_form_too_long_is_told_all_the_same(deployment: Deployment, number: dict[str, Any]) -> None:
    form = {"type": "nfm_reply", "nfm_reply": {"response_json": json.dumps({"a": "x" * 20_000}), "body": "Sent"}}
    assert post(deployment, number, said({"type": "interactive", "interactive": form})) == 200
    (event,) = deployment.bot.events()
    assert event["MessageType"] == "event" and event["Details"]["name"] == "unsupported"


def test_what_is_new_to_us_is_told_with_what_it_says(deployment: Deployment, number: dict[str, Any]) -> None:
    """Meta is answered 200 and says it no second time, so bot, desk and API have what there is of it."""
    note = {"type": "video_note", "video_note": {"id": "media-1", "mime_type": "video/mp4", "caption": "look"}}
    dance = {"type": "interactive", "interactive": {"type": "dance_reply", "dance_reply": {"title": "Tango"}}}
    deep: Any = "deep"
    for _ in range(200):
        deep = [deep]
    odd = [{"type": "poll", "poll": deep}, {"type": "image", "image": {"caption": "no id"}}, {"type": {"a": 1}}, {}]
    for at, message in enumerate((note, dance, *odd)):
        assert post(deployment, number, said(message, f"wamid.in{at}")) == 200
    told = deployment.bot.events()
    assert [one["Event"] for one in told] == ["Incoming message"] * 6
    assert {one["MessageType"] for one in told} == {"event"}
    assert {one["Details"]["name"] for one in told} == {"unsupported"}
    assert [one["Message"] for one in told] == ["look", "Tango", "", "no id", "", ""]
    assert told[0]["Media"]["url"].endswith(f"/media/{told[0]['Messageid']}/0")
    assert json.loads(told[2]["Details"]["given"]) == {"poll": deep}
    handover = {"eventid": "1002", "conversation_id": told[0]["Conversationid"]}
    assert deployment.bot_posts(handover)[0] == 202
    post(deployment, number, said(dance, "wamid.in9"))
    assert deployment.desk.events()[-1]["data"]["message"]["text"] == "Tango"
    assert (
        deployment.desk.events()[-1]["data"]["message"]["content"]["reason"] == "unknown interactive type: dance_reply"
    )


@pytest.mark.parametrize("code", [190, 131026])
def test_what_meta_says_of_a_token_does_not_show_it(
    deployment: Deployment, number: dict[str, Any], graph: Outside, code: int
) -> None:
    """It names a malformed token in full, whether the message waits for a better one or is refused."""
    message = "Malformed access token EAAG-token, app-secret"
    graph.answer = lambda heard: (400, {"error": {"code": code, "message": message}})
    deployment.bot.answer = lambda heard: (200, {"token": TOKEN, "events": [
        {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "hi"}
    ] if heard.json["Event"] == "Incoming message" else []})  # fmt: skip
    post(deployment, number, said({"type": "text", "text": {"body": "q"}}))
    seen = [deployment.call("GET", f"/v1/deliveries?channel_id={number['id']}")[1], *deployment.bot.events()]
    seen.append(
        deployment.call("GET", f"/v1/messages?conversation_id={deployment.bot.events()[0]['Conversationid']}")[1]
    )
    assert "Malformed access token [redacted]" in json.dumps(seen)
    assert "EAAG-token" not in json.dumps(seen) and "app-secret" not in json.dumps(seen)
