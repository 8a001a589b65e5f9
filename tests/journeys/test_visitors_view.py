"""What a visitor's window is told beside what was said: who comes and goes, and which messages are its own."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports import ids
from tests.journeys.conftest import Deployment


def fetched(deployment: Deployment, include: str) -> list[dict[str, Any]]:
    """The messages of the visitor's thread, as its window gets them."""
    path = f"/channels/{deployment.ids['chat']}/messages?session={deployment.session}&include={include}"
    status, answer = deployment.call("GET", path)
    assert status == 200, answer
    deployment.cloud.pump()
    return list(answer["data"])


def test_events_are_told_where_asked_for_without_what_is_the_desks(deployment: Deployment) -> None:
    deployment.says("A person, please")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation, "params": {"secret": "among us"}})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    agent = {"id": "7", "name": "Ana", "email": "ana@desk.example"}
    deployment.desk_posts({"type": "chat.accepted", "conversation_id": chat, "agent": agent})
    deployment.desk_posts({"type": "agent.message", "conversation_id": chat, "agent": agent, "text": "hello"})
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "agent": agent, "outcome": "among us"})

    said = [(one["type"], one["text"]) for one in fetched(deployment, "all")]
    assert said == [("text", "A person, please"), ("text", "hello")]
    told = fetched(deployment, "events")
    assert [one["content"].get("name", one["text"]) for one in told] == [
        "handover",
        "handover_accepted",
        "hello",
        "handover_ended",
    ]
    events = [one for one in told if one["type"] == "event"]
    assert [one["content"].get("agent") for one in events] == [None, {"name": "Ana"}, {"name": "Ana"}]
    assert {one["author"]["kind"] for one in events} == {"system"}
    for hidden in ("among us", "ana@desk.example", deployment.ids["desk"]):
        assert hidden not in json.dumps(events)
    assert [one["type"] for one in fetched(deployment, "all,events")] == ["text", "event", "event", "text", "event"]


def test_a_page_knows_its_own_messages_by_the_ids_that_it_gave(deployment: Deployment) -> None:
    session = ids.token(32)
    deployment.says("mine", session=session, id="m-1")
    deployment.says("yours", id="m.2")
    assert [(one["text"], one["client_id"]) for one in fetched(deployment, "all")] == [
        ("mine", "m-1"),
        ("yours", "m.2"),
    ]
