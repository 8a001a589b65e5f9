"""What a visitor's window is told beside what was said: who comes and goes, and which messages are its own."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports import ids
from tests.journeys.conftest import Town


def fetched(town: Town, include: str) -> list[dict[str, Any]]:
    """The messages of the visitor's thread, as its window gets them."""
    path = f"/channels/{town.ids['chat']}/messages?session={town.session}&include={include}"
    status, answer = town.call("GET", path)
    assert status == 200, answer
    town.cloud.pump()
    return list(answer["data"])


def test_events_are_told_where_asked_for_without_what_is_the_desks(town: Town) -> None:
    town.says("A person, please")
    conversation = town.bot.events()[0]["Conversationid"]
    town.bot_posts({"eventid": "1002", "conversation_id": conversation, "params": {"secret": "among us"}})
    chat = town.desk.events()[-1]["data"]["conversation_id"]
    agent = {"id": "7", "name": "Ana", "email": "ana@desk.example"}
    town.desk_posts({"type": "chat.accepted", "conversation_id": chat, "agent": agent})
    town.desk_posts({"type": "agent.message", "conversation_id": chat, "agent": agent, "text": "hello"})
    town.desk_posts({"type": "chat.closed", "conversation_id": chat, "agent": agent, "outcome": "among us"})

    said = [(one["type"], one["text"]) for one in fetched(town, "all")]
    assert said == [("text", "A person, please"), ("text", "hello")]
    told = fetched(town, "events")
    assert [one["content"].get("name", one["text"]) for one in told] == [
        "handover",
        "handover_accepted",
        "hello",
        "handover_ended",
    ]
    events = [one for one in told if one["type"] == "event"]
    assert [one["content"].get("agent") for one in events] == [None, {"name": "Ana"}, {"name": "Ana"}]
    assert {one["author"]["kind"] for one in events} == {"system"}
    for hidden in ("among us", "ana@desk.example", town.ids["desk"]):
        assert hidden not in json.dumps(events)
    assert [one["type"] for one in fetched(town, "all,events")] == ["text", "event", "event", "text", "event"]


def test_a_page_knows_its_own_messages_by_the_ids_that_it_gave(town: Town) -> None:
    session = ids.token(32)
    town.says("mine", session=session, id="m-1")
    town.says("yours", id="m.2")
    assert [(one["text"], one["client_id"]) for one in fetched(town, "all")] == [("mine", "m-1"), ("yours", "m.2")]
