"""A visitor's files: put where the page is told to, taken with their message, and handed to bot and desk as links."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.conftest import Deployment

PICTURE = {"name": "box.png", "mime_type": "image/png", "size": 8}
BODY = b"\x89PNG box"


@pytest.fixture
def chat(deployment: Deployment) -> Deployment:
    """The web chat takes files."""
    status, answer = deployment.call("PATCH", f"/v1/channels/{deployment.ids['chat']}", {"settings": {"uploads": True}})
    assert status == 200, answer
    deployment.says("hello")
    deployment.bot.forget()
    return deployment


def asks(chat: Deployment, *files: dict[str, Any], id: str = "f1", **more: Any) -> tuple[int, Any]:
    body = {"session": chat.session, "id": id, "files": list(files)} | more
    return chat.call("POST", f"/channels/{chat.ids['chat']}/files", body)


def posts(chat: Deployment, *files: dict[str, Any], id: str = "f1", **more: Any) -> tuple[int, Any]:
    body = {"session": chat.session, "id": id, "files": list(files)} | more
    answer = chat.call("POST", f"/channels/{chat.ids['chat']}/webhook", body)
    chat.cloud.pump()
    return answer


def puts(chat: Deployment, place: dict[str, Any], body: bytes = BODY) -> None:
    """As a browser's form does, which moto does not take."""
    from chalicelib.ports.settings import settings

    kind = place["fields"]["Content-Type"]
    chat.cloud.clients["s3"].put_object(
        Bucket=settings().media_bucket, Key=place["fields"]["key"], Body=body, ContentType=kind
    )


def kept(chat: Deployment) -> list[str]:
    from chalicelib.ports.settings import settings

    found = chat.cloud.clients["s3"].list_objects_v2(Bucket=settings().media_bucket).get("Contents", ())
    return sorted(one["Key"] for one in found)


def test_a_picture_reaches_the_bot_as_a_link(chat: Deployment) -> None:
    status, places = asks(chat, PICTURE)
    assert status == 200
    [place] = places["files"]
    assert place["fields"]["key"].startswith("uploads/ms_") and place["fields"]["Content-Type"] == "image/png"
    puts(chat, place)
    status, answer = posts(chat, PICTURE, text="it came like this")
    assert status == 202 and place["fields"]["key"] == f"uploads/{answer['message_id']}/0"
    event = chat.bot.events()[0]
    assert event["MessageType"] == "image" and event["Media"]["name"] == "box.png"
    path = event["Media"]["url"]
    fetched = chat.client.http.request("GET", path[path.index("/media/") :])
    assert fetched.status_code == 302 and f"/{answer['message_id']}/0?" in fetched.headers["Location"]
    # What the page puts there later is another file; the message keeps the one it was posted with.
    puts(chat, place, b"another")
    from chalicelib.ports.settings import settings

    s3 = chat.cloud.clients["s3"]
    assert s3.get_object(Bucket=settings().media_bucket, Key=f"{answer['message_id']}/0")["Body"].read() == BODY


def test_posted_twice_it_is_one_message(chat: Deployment) -> None:
    puts(chat, asks(chat, PICTURE)[1]["files"][0])
    assert posts(chat, PICTURE) == posts(chat, PICTURE)
    assert len(chat.bot.events()) == 1


def test_the_conversation_begins_with_a_file(chat: Deployment) -> None:
    from chalicelib.ports import ids

    chat.session = ids.token(32)
    puts(chat, asks(chat, PICTURE)[1]["files"][0])
    assert posts(chat, PICTURE)[0] == 202
    assert chat.bot.events()[0]["MessageType"] == "image"


def test_what_was_not_put_is_no_message(chat: Deployment) -> None:
    puts(chat, asks(chat, PICTURE, PICTURE)[1]["files"][0])
    status, problem = posts(chat, PICTURE, PICTURE)
    assert (status, problem["errors"][0]["path"]) == (422, "/files/1")
    assert chat.bot.events() == []


def test_nobody_is_told_where_another_sessions_files_go(chat: Deployment) -> None:
    from chalicelib.ports import ids

    mine = asks(chat, PICTURE)[1]["files"][0]["fields"]["key"]
    chat.session = ids.token(32)
    assert asks(chat, PICTURE)[1]["files"][0]["fields"]["key"] != mine


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"files": []}, "/files"),
        ({"files": [PICTURE] * 6}, "/files"),
        ({"files": [PICTURE | {"mime_type": "text/html"}]}, "/files/0/mime_type"),
        ({"files": [PICTURE | {"size": 11 * 2**20}]}, "/files/0/size"),
        ({"files": [PICTURE], "session": "short"}, "/session"),
        ({"files": [PICTURE], "id": None}, "/id"),
        ({"files": "all"}, "/files"),
    ],
)
def test_what_is_wrong_is_named(chat: Deployment, body: dict[str, Any], path: str) -> None:
    status, problem = asks(chat, **body)
    assert (status, problem["code"]) == (422, "wrong_fields")
    assert path in [one["path"] for one in problem["errors"]]


def test_a_chat_takes_files_only_if_its_owner_says_so(chat: Deployment) -> None:
    chat.call("PATCH", f"/v1/channels/{chat.ids['chat']}", {"settings": {"uploads": False}})
    from chalicelib.tables import kept_channels

    kept_channels.forget()
    assert asks(chat, PICTURE)[0] == posts(chat, PICTURE)[0] == 422


def test_a_session_puts_so_many_files_an_hour(chat: Deployment) -> None:
    from chalicelib.inbound import strangers

    for n in range(strangers.MOST_FILES // 5):
        assert asks(chat, *[PICTURE] * 5, id=f"f{n}")[0] == 200
    strangers.forget_posts()
    answer = chat.client.http.request(
        "POST",
        f"/channels/{chat.ids['chat']}/files",
        {"Content-Type": "application/json", "Origin": "https://shop.example"},
        b'{"session":"%s","id":"f9","files":[{"name":"a","mime_type":"text/plain","size":1}]}' % chat.session.encode(),
    )
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_forgotten_person_leaves_no_file(chat: Deployment) -> None:
    puts(chat, asks(chat, PICTURE)[1]["files"][0])
    message = posts(chat, PICTURE)[1]["message_id"]
    assert f"{message}/0" in kept(chat)
    contact = chat.call("GET", f"/v1/contacts?service_id={chat.ids['care']}")[1]["data"][0]["id"]
    assert chat.call("DELETE", f"/v1/contacts/{contact}")[0] == 202
    chat.cloud.pump()
    assert f"{message}/0" not in kept(chat)
