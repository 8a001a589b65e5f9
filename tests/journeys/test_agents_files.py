"""What people at a desk send beside words: files that they put where they are told to."""

from __future__ import annotations

from typing import Any

from tests.journeys.conftest import Deployment
from tests.journeys.test_inbox import chat as chat
from tests.journeys.test_inbox import does
from tests.journeys.test_uploads import BODY, kept, puts

PICTURE = {"name": "form/7.png", "mime_type": "image/png", "size": 8}


def asks(deployment: Deployment, chat: str, *files: dict[str, Any]) -> tuple[int, Any]:
    return deployment.call("POST", f"/v1/conversations/{chat}/files", {"files": list(files)})


def shown(deployment: Deployment) -> list[dict[str, Any]]:
    """What the customer's page was sent."""
    path = f"/channels/{deployment.ids['chat']}/messages?session={deployment.session}"
    found: list[dict[str, Any]] = deployment.call("GET", path)[1]["data"]
    return found


def put(deployment: Deployment, chat: str, *files: dict[str, Any]) -> list[dict[str, Any]]:
    """Files that were put, as a message names them."""
    status, answer = asks(deployment, chat, *files)
    assert status == 200, answer
    for place in answer["files"]:
        puts(deployment, place)
    return [place["media"] for place in answer["files"]]


def test_an_agents_picture_reaches_the_customer(deployment: Deployment, chat: str) -> None:
    note = PICTURE | {"name": "note.txt", "mime_type": "text/plain"}
    # The second is said first, and alone in its message.
    picture, text = put(deployment, chat, PICTURE, note)
    assert picture["name"] == "form_7.png" and picture["url"] != text["url"]
    for _ in range(2):
        does(deployment, chat, "agent.message", text="like this", id="m1", media=[text, picture])

    told = shown(deployment)[-1]
    assert (told["type"], told["text"], [one["name"] for one in told["media"]]) == (
        "file", "like this", ["note.txt", "form_7.png"],
    )  # fmt: skip
    path = told["media"][1]["url"]
    fetched = deployment.client.http.request("GET", path[path.index("/media/") :])
    assert fetched.status_code == 302
    from chalicelib.ports.settings import settings

    s3 = deployment.cloud.clients["s3"]
    got = s3.get_object(Bucket=settings().media_bucket, Key=f"{told['id']}/1")
    assert (got["Body"].read(), got["ContentType"]) == (BODY, "image/png")
    assert len([one for one in kept(deployment) if not one.startswith("uploads/")]) == 2


def test_what_was_not_put_is_not_sent(deployment: Deployment, chat: str) -> None:
    status, answer = asks(deployment, chat, PICTURE)
    media = [answer["files"][0]["media"]]
    event = {"type": "agent.message", "media": media}
    status, problem = deployment.call("POST", f"/v1/conversations/{chat}/events", event)
    assert (status, problem["errors"][0]["path"]) == (422, "/media/0")
    deployment.cloud.pump()
    assert shown(deployment) == []


def test_what_cannot_be_sent_is_said_before(deployment: Deployment, chat: str) -> None:
    def wrong(*files: dict[str, Any]) -> dict[str, str]:
        status, problem = asks(deployment, chat, *(PICTURE | one for one in files))
        assert status == 422
        return {one["path"]: one["message"] for one in problem["errors"]}

    assert wrong({}, {"size": 26 * 2**20}) == {"/files/1/size": "the channel takes files of this type up to 25 MB"}
    found = wrong({"size": 0}, {"name": " "}, {"mime_type": "text/html"})
    assert {*found} == {"/files/0/size", "/files/1/name", "/files/2/mime_type"}


def test_what_a_channel_takes_stands_in_the_conversation(deployment: Deployment, chat: str) -> None:
    thread = deployment.call("GET", f"/v1/conversations/{chat}")[1]["thread"]
    assert thread["window"] is None and "buttons" in thread["takes"]["types"]
    assert thread["takes"]["files"][0]["most_bytes"] == 25 * 2**20
