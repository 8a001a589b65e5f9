"""A visitor's file on the packaged template: signed, put into the bucket by a form as a browser does, and linked to."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest

from tests.stack.conftest import Deployment, Visitor, echo, eventually

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
        assert file.read() == b"\x89PNG box" and file.headers["content-disposition"] == "attachment"
