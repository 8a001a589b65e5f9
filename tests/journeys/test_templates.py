"""Outside of the window in which a customer may be written to freely: until when it is open, and what goes after it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.api.conversations import templates
from chalicelib.ports import clock
from tests.journeys.conftest import Deployment
from tests.journeys.test_inbox import does, listed
from tests.journeys.test_whatsapp import graph as graph
from tests.journeys.test_whatsapp import number as number
from tests.journeys.test_whatsapp import post, said
from tests.outside import Heard, Outside

ACCOUNT = "102290129340398"
BODY = {"type": "BODY", "text": "{{1}}, your order #{{2}} is on its way."}


def approved(name: str) -> dict[str, Any]:
    return {"name": name, "language": "en", "status": "APPROVED", "category": "UTILITY", "components": [BODY]}


@pytest.fixture
def late(
    deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: time_machine.Traveller
) -> dict[str, Any]:
    """The inbox's row of a chat on WhatsApp whose customer wrote a day ago."""
    templates.forget()
    desk = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="people")
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"to": "desk", "desk_id": desk["id"]})
    path, settings = f"/v1/channels/{number['id']}", number["settings"] | {"business_account_id": ACCOUNT}
    assert deployment.call("PATCH", path, {"settings": settings})[0] == 200
    now = str(clock.now_ms() // 1000)
    assert post(deployment, number, said({"type": "text", "text": {"body": "hi"}, "timestamp": now})) == 200
    (row,) = listed(deployment)
    thread = deployment.call("GET", f"/v1/conversations/{row['conversation_id']}")[1]["thread"]
    until = clock.from_rfc3339(thread["window"]["open_until"])
    assert until == int(now) * 1000 + timedelta(hours=24) // timedelta(milliseconds=1)
    assert thread["takes"]["buttons"] == {"most": 3, "title": 20} and "template" in thread["takes"]["types"]
    traveller.move_to(until / 1000 + 1)
    graph.forget()
    return row


def test_a_template_goes_when_nothing_else_may(
    deployment: Deployment, number: dict[str, Any], graph: Outside, late: dict[str, Any]
) -> None:
    usual = graph.answer

    def answer(heard: Heard) -> Any:
        after = "after=A" in heard.path
        paging = {"cursors": {"after": "A"}} | ({} if after else {"next": "https://graph.example/next"})
        found = {"data": [approved("second" if after else "first")], "paging": paging}
        return (200, found) if "/message_templates?" in heard.path else usual(heard)

    graph.answer = answer
    path = f"/v1/channels/{number['id']}/templates?limit=1"
    status, page = deployment.call("GET", path)
    assert (status, page["data"][0]["name"], page["data"][0]["placeholders"]) == (200, "first", ["1", "2"])
    assert deployment.call("GET", path) == (status, page) and len(graph.heard) == 1, "asked once a minute"
    assert graph.heard[0].path.startswith(f"/v24.0/{ACCOUNT}/message_templates?status=APPROVED&")
    _, rest = deployment.call("GET", f"{path}&cursor={page['next_cursor']}")
    assert ([one["name"] for one in rest["data"]], rest["next_cursor"]) == (["second"], None)

    chosen = {"name": "first", "language": "en", "parameters": ["Kim", "17"]}
    words = {"text": "Kim, your order #17 is on its way.", "template": chosen}
    does(deployment, late["conversation_id"], "agent.message", messagetype="template", **words)
    sent = json.loads(graph.heard[-1].raw)
    assert (sent["type"], sent["template"]["name"]) == ("template", "first")
    assert [one["text"] for one in sent["template"]["components"][0]["parameters"]] == ["Kim", "17"]
    assert listed(deployment)[0]["last"]["text"] == words["text"], "people read what the customer does"


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ((400, {"error": {"code": 100, "message": "(#100) Invalid parameter"}}), 409, "refused"),
        ((401, {"error": {"code": 190, "message": "The token has expired"}}), 503, "provider_unavailable"),
        ((500, b""), 503, "provider_unavailable"),
    ],
)
def test_a_provider_that_gives_none_is_said(
    deployment: Deployment, number: dict[str, Any], graph: Outside, told: Any, status: int, code: str
) -> None:
    templates.forget()
    settings = number["settings"] | {"business_account_id": ACCOUNT}
    deployment.call("PATCH", f"/v1/channels/{number['id']}", {"settings": settings})
    graph.answer = lambda heard: told
    got, problem = deployment.call("GET", f"/v1/channels/{number['id']}/templates")
    assert (got, problem["code"]) == (status, code)
    assert "EAAG-token" not in json.dumps(problem)


def test_what_has_none_is_said(deployment: Deployment, number: dict[str, Any]) -> None:
    def asks(channel: str) -> tuple[int, str]:
        status, problem = deployment.call("GET", f"/v1/channels/{channel}/templates")
        return status, problem["detail"]

    assert asks(number["id"]) == (
        409, "no templates: the channel's settings name no business_account_id (no_business_account_id)",
    )  # fmt: skip
    assert asks(deployment.ids["chat"]) == (409, "channels of kind webchat have no templates")
    assert asks(number["id"].replace("ch_", "ch_x"))[0] == 404


def test_anything_else_is_refused_at_once(
    deployment: Deployment, graph: Outside, late: dict[str, Any], traveller: time_machine.Traveller
) -> None:
    path = f"/v1/conversations/{late['conversation_id']}/events"
    event = {"type": "agent.message", "text": "Are you there?", "id": "m1"}
    status, problem = deployment.call("POST", path, [{"type": "chat.accepted"}, event])
    assert (status, problem["code"]) == (422, "needs_template")
    assert problem["errors"] == [{"path": "/1/messagetype", "message": "must be template"}]
    assert deployment.call("POST", path, {"type": "agent.note", "text": "no answer"})[0] == 202
    traveller.shift(-2)
    assert deployment.call("POST", path, event)[0] == 202
    deployment.cloud.pump()
    traveller.shift(2)
    assert deployment.call("POST", path, event)[0] == 202, "a repeat is what was done"
    deployment.cloud.pump()
    assert len(graph.heard) == 1


@pytest.mark.parametrize(
    ("said_then", "at"),
    [
        ({"media": [{"url": "https://files.example/1.webp"}]}, "/0/media/0/mime_type"),
        ({"media": [{"url": "https://files.example/1", "mime_type": "image/png", "size": 2**23}]}, "/0/media/0/size"),
    ],
)
def test_what_can_never_be_shown_is_said_with_its_place(
    deployment: Deployment, late: dict[str, Any], said_then: dict[str, Any], at: str
) -> None:
    path = f"/v1/conversations/{late['conversation_id']}/events"
    status, problem = deployment.call("POST", path, {"type": "agent.message", "text": "Look"} | said_then)
    assert (status, problem["code"], problem["errors"][0]["path"]) == (422, "wrong_fields", at)


def test_a_template_where_there_are_none_is_refused(deployment: Deployment) -> None:
    deployment.says("hi")
    bots = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": bots})[0] == 202
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    word = {"type": "agent.message", "conversation_id": chat, "template": {"name": "first", "language": "en"}}
    status, problem = deployment.desk_posts(word | {"messagetype": "template", "text": "Hello"})
    assert (status, problem["code"], problem["errors"][0]["path"]) == (422, "wrong_fields", "/0/template")
