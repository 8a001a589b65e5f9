"""Files that go out: an agent's own, one that somebody sent and a bot passes on, and a bot's; to whom gets them at once
and to whom may open them later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.files import keeping
from chalicelib.ports import clock, signing
from chalicelib.ports.settings import settings
from chalicelib.tables import config, media_links
from tests.cloud import Cloud
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_agents_files import put
from tests.journeys.test_inbox import does, listed
from tests.journeys.test_uploads import BODY
from tests.journeys.test_whatsapp import graph as graph
from tests.journeys.test_whatsapp import number as number
from tests.journeys.test_whatsapp import post, said
from tests.outside import Heard, Outside, serving

BASE = "https://parley.example"
OWN = "https://files.example.com/get.php?file=invoice.pdf"
PICTURE = said({"type": "image", "image": {"id": "media-1", "mime_type": "image/png"}})


@pytest.fixture(autouse=True)
def base(cloud: Cloud) -> Iterator[None]:
    """Deploying told where it is: bots are given whole addresses."""
    media_links.forget()
    config.create(config.Resource("parley", "settings", body={"base_url": BASE}))
    yield
    media_links.forget()


def passes_on(heard: Heard) -> tuple[int, Any]:
    """A bot that sends back what it is sent, and a file of its own before it."""
    files = [OWN, {"url": heard.json["Media"]["url"]}] if heard.json.get("Media") else []
    event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "Media": files}
    return 200, {"token": TOKEN, "events": [event] if files else []}


def sent(graph: Outside) -> list[dict[str, Any]]:
    """Of each message with a file that was sent: the file."""
    bodies = [heard.json for heard in graph.heard if heard.path.endswith("/messages")]
    return [body[body["type"]] | {"type": body["type"]} for body in bodies if body["type"] in ("image", "document")]


def is_of_ours(link: str, key: str) -> bool:
    """Whether a link opens what is kept there, for an hour."""
    at, query = urlsplit(link), parse_qs(urlsplit(link).query)
    host = f"{settings().media_bucket}.s3.eu-central-1.amazonaws.com"
    return (at.netloc, at.path, query["X-Amz-Expires"]) == (host, f"/{key}", ["3600"]) and "X-Amz-Signature" in query


def test_a_picture_is_passed_on_and_a_bots_own_stays(
    deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: Any
) -> None:
    takes = graph.answer
    graph.answer = lambda heard: (500, {}) if heard.path.endswith("/messages") else takes(heard)
    deployment.bot.answer = passes_on
    post(deployment, number, PICTURE)
    message = deployment.bot.events()[0]["Messageid"]
    graph.forget()
    graph.answer = takes
    traveller.shift(60)
    deployment.cloud.release()
    own, passed = sent(graph)
    assert own["link"] == OWN, "a file by what its address names, not by how it is made"
    assert is_of_ours(passed["link"], f"{message}/0")
    made_at = parse_qs(urlsplit(passed["link"]).query)["X-Amz-Date"][0]
    assert made_at == clock.rfc3339(clock.now_ms())[:19].replace("-", "").replace(":", "") + "Z", "anew"


def to_people(deployment: Deployment) -> None:
    """All goes to people at once."""
    desk = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="people")
    deployment.call(
        "PATCH", f"/v1/rules/{deployment.ids['all']}", {"to": "desk", "desk_id": desk["id"], "bot_id": None}
    )


def sends_a_file(deployment: Deployment) -> tuple[str, str]:
    """Somebody at the desk; gives the message's id and the address of its file as the API has it."""
    chat = str(listed(deployment)[0]["conversation_id"])
    file = {"name": 'Größe "1".png', "mime_type": "image/png", "size": len(BODY)}
    does(deployment, chat, "agent.message", text="like this", id="m1", media=put(deployment, chat, file))
    said = deployment.call("GET", f"/v1/messages?conversation_id={chat}")[1]["data"]
    (out,) = (one for one in said if one["direction"] == "out")
    return out["id"], out["media"][0]["url"]


def test_an_agents_file_reaches_the_customer(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    to_people(deployment)
    post(
        deployment,
        number,
        said({"type": "text", "text": {"body": "a person, please"}, "timestamp": str(clock.now_ms() // 1000)}),
    )
    out, url = sends_a_file(deployment)
    (shown,) = sent(graph)
    assert shown["caption"] == "like this" and is_of_ours(shown["link"], f"{out}/0")
    name = parse_qs(urlsplit(shown["link"]).query)["response-content-disposition"][0]
    assert name == "attachment; filename=\"Gr__e _1_.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png"
    assert url.endswith(f"/media/{out}/0")


def test_who_may_open_it_later_has_an_address_that_lasts(deployment: Deployment) -> None:
    to_people(deployment)
    with serving() as gateway:
        gateway.answer = lambda heard: (200, {"id": "g-1"})
        at = {"send_url": gateway.url}
        made = deployment.make("channels", service_id=deployment.ids["care"], kind="custom", name="gw", settings=at)
        raw = json.dumps({"type": "message", "id": "g1", "from": "7", "text": "a person, please"}).encode()
        headers = signing.headers([made["secrets"]["signing_secret"]], id="1", at_ms=clock.now_ms(), body=raw)
        assert deployment.call("POST", made["webhook_url"], raw, headers=headers)[0] == 202
        deployment.cloud.pump()
        _, url = sends_a_file(deployment)
        (heard,) = gateway.heard
        assert [one["url"] for one in heard.json["media"]] == [url] and "lasting" not in heard.json["media"][0]


def test_what_is_not_to_be_had_is_not_sent(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    others = graph.answer
    graph.answer = lambda heard: (200, b"") if heard.path == "/file" else others(heard)
    post(deployment, number, said({"type": "image", "image": {"id": "other", "mime_type": "image/png"}}))
    (event,) = deployment.bot.events()
    assert keeping.refuse(event["Messageid"], 0, "http_404")
    graph.forget()
    passed = {"eventid": "1001", "conversation_id": event["Conversationid"], "Media": event["Media"]["url"]}
    answer = deployment.bot_posts(passed)
    assert answer[0] == 202, answer
    assert sent(graph) == []
    said_ = deployment.call("GET", f"/v1/messages?conversation_id={event['Conversationid']}")[1]["data"]
    assert [one["error"]["code"] for one in said_ if one.get("error")] == ["media_gone"]
