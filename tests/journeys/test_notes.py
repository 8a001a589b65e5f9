"""What agents say among themselves: no customer, bot, desk or subscription hears of it, whichever way they ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.platform_event import EVENTS
from chalicelib.domain.row_changes import to_message
from chalicelib.inbound import strangers
from chalicelib.ports import clock
from chalicelib.tables import connections, deliveries, history, kept_channels, messages
from chalicelib.tables.messages import MessageRow
from tests.cloud import Cloud
from tests.journeys.conftest import Deployment
from tests.outside import Outside, serving
from tests.sockets import Gateway, gateway

SECRET = "between-us"


@pytest.fixture
def hearer(deployment: Deployment, cloud: Cloud) -> Iterator[Outside]:
    """A system that hears everything there is to hear, with what was said before."""
    with serving() as outside:
        told = {"recent_messages": {"limit": 20}}
        service = deployment.ids["care"]
        deployment.make(
            "subscriptions", service_id=service, name="crm", url=outside.url, events=[*EVENTS], context=told
        )
        deployment.verify("subscriptions", "crm")
        yield outside


@pytest.fixture
def sockets(cloud: Cloud) -> Iterator[Gateway]:
    strangers.forget()
    kept_channels.forget()
    with gateway(cloud) as made:
        yield made


def test_a_note_reaches_agents_and_nobody_else(deployment: Deployment, hearer: Outside, sockets: Gateway) -> None:
    desk = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="people")
    recent = {"recent_messages": {"limit": 20}}
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": desk["id"]})
    deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"context": recent})
    said = deployment.says("a person, please")
    everything = {"include": "all,events"}
    page = {"channel": deployment.ids["chat"], "session": deployment.session} | everything
    before = sockets.connect(**page)[1]
    deployment.cloud.pump()
    bot = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": bot})
    chat = deployment.call("GET", "/v1/inbox")[1]["data"][0]["conversation_id"]
    status, noted = deployment.call(
        "POST", f"/v1/conversations/{chat}/events",
        {"type": "agent.note", "text": SECRET, "agent": {"id": SECRET, "name": SECRET}, "mentions": [SECRET]},
    )  # fmt: skip
    assert status == 202
    deployment.cloud.pump()
    row = deployment.call("GET", "/v1/inbox?list=queue")[1]["data"][0]
    assert (row["state"], row["unread"], row["last"]["text"]) == ("offered", 0, "a person, please")
    deployment.says("hello?")
    behind = sockets.connect(**page)[1]
    deployment.cloud.pump()
    # To a platform that is given a transcript, and back to the bot, which is told what was said lately.
    moved = {"type": "chat.transferred", "desk_id": deployment.ids["desk"]}
    assert deployment.call("POST", f"/v1/conversations/{chat}/events", moved)[0] == 202
    deployment.cloud.pump()
    started = next(one for one in deployment.desk.events() if one["type"] == "chat.started")
    assert [one["text"] for one in started["data"]["transcript"] if one["text"]] == ["a person, please", "hello?"]
    deployment.desk_posts({"type": "chat.closed", "conversation_id": started["data"]["conversation_id"]})
    deployment.says("thanks")
    assert "recent_messages" in json.dumps(deployment.bot.events()[-1]), "with context"
    assert {one["type"] for one in hearer.events() if "type" in one} >= {"message.created", "handover.started"}

    contact = deployment.call("GET", f"/v1/messages/{said}")[1]["contact_id"]
    reader = {"Authorization": f"Bearer {deployment.make('keys', name='reader', scopes=['read'])['key']}"}
    lists = [f"/v1/messages?conversation_id={chat}", f"/v1/messages?contact_id={contact}",
             f"/v1/contacts/{contact}/timeline", f"/v1/contacts/{contact}/timeline?types=note",
             f"/v1/conversations/{chat}/timeline"]  # fmt: skip
    of_source = f"/v1/messages?source=webchat&service_id={deployment.ids['care']}"
    asked = [
        {"conversation_id": chat}, {"contact_id": contact}, {"source": "webchat", "service_id": deployment.ids["care"]},
    ]  # fmt: skip
    outward: dict[str, Any] = {
        "bot": deployment.bot.events(),
        "desk": deployment.desk.events(),
        "subscription": hearer.events(),
        "socket that was open": sockets.open[before],
        "socket that came later": sockets.open[behind],
        "poll": [deployment.call("GET", _poll(deployment, more)) for more in ("", "&include=all,events")],
        "recent": deployment.call("POST", "/contacts.recent-messages", {"contact_id": contact}),
        "airy": [deployment.call("POST", "/messages.list", one) for one in asked],
        "source": deployment.call("GET", of_source),
        "scope read": [deployment.call("GET", one, headers=reader) for one in lists],
        "deliveries": [row.attribute_values for row in deliveries.DeliveryRow.scan()],
        "context": [one.plain() for one in history.recent(contact, limit=50)],
        "bus": [to_message(one, status=False, at=1, rfc3339=clock.rfc3339) for one in _notes()],
    }
    assert all("hello?" in str(outward[name]) for name in ("bot", "desk", "subscription", "poll", "recent", "airy"))
    assert [name for name, heard in outward.items() if SECRET in str(heard)] == []
    assert outward["bus"] == [[]] and connections.hearing(
        connections.of_thread(row["thread_id"]), now_ms=clock.now_ms()
    )
    one = f"/v1/messages/{noted['message_id']}"
    assert deployment.call("GET", one, headers=reader)[0] == 404

    total = outward["airy"][0][1]["pagination_data"]["total"]
    assert total == len(outward["airy"][0][1]["data"]), "it is not even counted"
    for path in lists:
        (found,) = (one for one in deployment.call("GET", path)[1]["data"] if one["type"] == "note")
        assert (found["text"], found["author"]["kind"], found["content"]) == (SECRET, "agent", {"mentions": [SECRET]})
    assert deployment.call("GET", one)[1]["id"] == noted["message_id"]


def _poll(deployment: Deployment, more: str) -> str:
    return f"/channels/{deployment.ids['chat']}/messages?session={deployment.session}{more}"


def _notes() -> list[Any]:
    return [one for row in MessageRow.scan() if (one := messages.of_row(row)).is_note]
