"""Files on the packaged template: a visitor's, put into the bucket by a form of a page, and a mail, put as SES does."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest

from tests.outside import Answer, Heard, serving
from tests.stack.conftest import TOKEN, Deployment, Visitor, echo, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

FILE = {"name": "box.png", "mime_type": "image/png", "size": 64}


def put(place: dict[str, Any], body: bytes) -> int:
    """What S3 answers to a form with a file."""
    mark = uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in place["fields"].items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="box.png"\r\n\r\n'
    form = b"".join([*parts, head.encode(), body, f"\r\n--{mark}--\r\n".encode()])
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}", "Origin": "https://shop.example"}
    try:
        with urllib.request.urlopen(urllib.request.Request(place["url"], form, kind)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_file_goes_from_the_page_to_the_bot(deployment: Deployment) -> None:
    platform, channel = deployment.platform, deployment.channel["id"]
    changed = platform.call("PATCH", f"/v1/channels/{channel}", {"settings": {"uploads": True}})
    assert changed.status == 200
    deployment.bot_end.answer = echo
    visitor: Visitor = deployment.visitor()
    visitor.says("hello")
    about = {"session": visitor.session, "id": "f1", "files": [FILE]}

    def places() -> Any:
        answer = platform.call("POST", f"/channels/{channel}/files", about, key=None)
        # Edges know a channel as it stood at most ten seconds ago.
        return answer.json["files"] if answer.status == 200 else None

    [place] = eventually(places, "the chat takes files")
    assert put(place, b"x" * 65) in (400, 403), "longer than was said"
    assert put(place, b"\x89PNG box") in (200, 201, 204)

    def posted() -> Any:
        answer = platform.call("POST", f"/channels/{channel}/webhook", about, key=None)
        return answer if answer.status == 202 else None

    message = eventually(posted, "the message is taken").json["message_id"]
    heard = eventually(
        lambda: [one for one in deployment.bot_end.events() if one.get("Messageid") == message], "the bot hears of it"
    )
    link = platform.call("GET", heard[0]["Media"]["url"], key=None)
    assert link.status == 302
    with urllib.request.urlopen(link.headers["location"]) as file:
        assert file.read() == b"\x89PNG box"
        assert file.headers["content-disposition"] == 'attachment; filename="box.png"'


def test_a_providers_file_is_got_and_passed_on(deployment: Deployment) -> None:
    """By WhatsApp: Meta's file is kept before anybody asks, and goes out by a link that Meta opens."""
    opened: list[bytes] = []

    def meta(heard: Heard) -> Answer:
        if heard.path.endswith("/pic-1"):
            return 200, {"url": graph.url.replace("/hook", "/file"), "mime_type": "image/png"}
        if heard.path == "/file":
            return 200, b"\x89PNG lamp"
        if not heard.path.endswith("/messages"):
            return 200, {"id": "1", "display_phone_number": "1", "verified_name": "x"}
        with urllib.request.urlopen(heard.json["image"]["link"]) as file:
            opened.append(file.read())
        return 200, {"messages": [{"id": "wamid.out"}]}

    def passes_on(heard: Heard) -> Answer:
        if not heard.json.get("Media"):
            return 200, {"verification_token": TOKEN}
        said = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "Messagetype": "image"}
        with urllib.request.urlopen(heard.json["Media"]["url"]) as file:
            assert file.read() == b"\x89PNG lamp"
        return 200, {"verification_token": TOKEN, "events": [said | {"Media": heard.json["Media"]["url"]}]}

    deployment.bot_end.answer = passes_on
    with serving() as graph:
        graph.answer = meta
        settings = {"phone_number_id": "1", "api_base": graph.url.replace("/hook", "/v24.0")}
        secrets = {"app_secret": "app-secret", "access_token": "EAAG-token", "verify_token": "verify-me"}
        about = {"service_id": deployment.service, "kind": "whatsapp", "name": "wa"}
        made = deployment.platform.call("POST", "/v1/channels", about | {"settings": settings, "secrets": secrets})
        assert made.status == 201, made.raw
        said = {"from": "4915112345678", "id": "wamid.in", "timestamp": str(int(time.time())), "type": "image"}
        value = {
            "metadata": {"phone_number_id": "1"},
            "messages": [said | {"image": {"id": "pic-1", "mime_type": "image/png"}}],
        }
        raw = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
        signed = {"X-Hub-Signature-256": "sha256=" + hmac.new(b"app-secret", raw, hashlib.sha256).hexdigest()}
        assert deployment.platform.call("POST", made.json["webhook_url"], raw, key=None, headers=signed).status == 200
        eventually(lambda: opened, "Meta has got the file")
    assert opened == [b"\x89PNG lamp"]


def test_a_mail_that_is_put_into_the_bucket_is_answered(deployment: Deployment) -> None:
    """By the bucket's own notice; what goes out is signed as the function's role and taken by the emulator's SES."""
    platform, up = deployment.platform, deployment.platform.up
    up.client("sesv2").create_email_identity(EmailIdentity="acme.example")
    made = {"service_id": deployment.service, "kind": "email_ses", "name": "mail"}
    box = platform.make("channels", **made, settings={"address": "help@acme.example"})
    assert (box["status"], box["facts"]["identity"]) == ("active", "acme.example")
    deployment.bot_end.answer = echo
    raw = b"From: Ada <ada@home.example>\r\nSubject: My order\r\nMessage-ID: <m1@home.example>\r\n\r\nWhere is it?\r\n"
    s3 = up.client("s3")
    [bucket] = [one["Name"] for one in s3.list_buckets()["Buckets"] if "-media-" in one["Name"]]
    s3.put_object(Bucket=bucket, Key="mail/help@acme.example/ses1", Body=raw)

    def answered() -> Any:
        found = platform.call("POST", "/messages.list", {"source": "email_ses"}).json["data"]
        return [one for one in found if one["state"] == "sent"]

    assert [one["text"] for one in eventually(answered, "the answer goes out")] == ["you said Where is it?"]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="mail/"), "what was read is gone"
