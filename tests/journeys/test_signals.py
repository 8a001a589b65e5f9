"""What a customer is shown beside messages, where the channel wants it: that somebody writes, that theirs was read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.conftest import TOKEN, Deployment, answers_with_token
from tests.journeys.test_whatsapp import graph, number, post, said
from tests.outside import Heard, Outside

__all__ = ["graph", "number"]
ANA = {"id": "7", "name": "Ana"}


def wants(deployment: Deployment, number: dict[str, Any], **signals: bool) -> None:
    settings = {**number["settings"], **signals}
    status, answer = deployment.call("PATCH", f"/v1/channels/{number['id']}", {"settings": settings})
    assert status == 200, answer


def writes(deployment: Deployment, number: dict[str, Any], id: str = "wamid.in1") -> None:
    assert post(deployment, number, said({"type": "text", "text": {"body": "hi"}}, id)) == 200


def posted(graph: Outside) -> list[dict[str, Any]]:
    """What Meta was given, beside questions how the channel stands."""
    return [one.json for one in graph.heard if one.raw]


def signals(graph: Outside) -> list[tuple[str, str]]:
    """(kind, message) of the signals that Meta heard."""
    heard = [one for one in posted(graph) if one.get("status") == "read"]
    return [("typing" if "typing_indicator" in one else "seen", one["message_id"]) for one in heard]


def answers(heard: Heard) -> tuple[int, Any]:
    said = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "hello"}
    return 200, {"token": TOKEN, "events": [said] if heard.json["Event"] == "Incoming message" else []}


def test_nothing_unless_it_is_wanted(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    deployment.bot.answer = answers
    writes(deployment, number)
    assert signals(graph) == [] and len(posted(graph)) == 1


def test_a_bot_is_at_it(deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: Any) -> None:
    wants(deployment, number, typing=True)
    deployment.bot.answer = answers
    writes(deployment, number)
    assert signals(graph) == [("typing", "wamid.in1")]
    writes(deployment, number, "wamid.in2")
    assert signals(graph) == [("typing", "wamid.in1")], "once in ten seconds"
    traveller.shift(11)
    writes(deployment, number, "wamid.in3")
    assert signals(graph)[1:] == [("typing", "wamid.in3")]
    assert len([one for one in posted(graph) if "text" in one]) == 3


def test_it_was_read_when_somebody_has_it(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    wants(deployment, number, seen=True)
    deployment.bot.answer = lambda heard: (500, {})
    writes(deployment, number)
    assert signals(graph) == []
    deployment.bot.answer = answers_with_token
    writes(deployment, number, "wamid.in2")
    assert deployment.desk.events()[-1]["data"]["message"]["text"] == "hi", "who waited for the bot too long"
    assert signals(graph) == [("seen", "wamid.in2")]


@pytest.mark.parametrize("answer", [(500, {}), (400, {"error": {"code": 131009}}), (200, b"\xff")])
def test_whatever_comes_of_it_the_message_goes_its_way(
    deployment: Deployment, number: dict[str, Any], graph: Outside, answer: tuple[int, Any]
) -> None:
    wants(deployment, number, typing=True, seen=True)
    takes = graph.answer
    graph.answer = lambda heard: answer if heard.raw and heard.json.get("status") == "read" else takes(heard)
    deployment.bot.answer = answers
    writes(deployment, number)
    assert sorted(signals(graph)) == [("seen", "wamid.in1"), ("typing", "wamid.in1")]
    conversation = deployment.bot.events()[0]["Conversationid"]
    _, listed = deployment.call("GET", f"/v1/messages?conversation_id={conversation}")
    assert [one["state"] for one in listed["data"] if one["direction"] == "out"] == ["sent"]
    assert not deployment.cloud.failures


def test_an_agent_writes(deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: Any) -> None:
    wants(deployment, number, typing=True, seen=True)
    writes(deployment, number)
    traveller.shift(11)
    handover = {"eventid": "1002", "conversation_id": deployment.bot.events()[0]["Conversationid"]}
    assert deployment.bot_posts(handover)[0] == 202
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    assert deployment.desk_posts({"type": "chat.accepted", "conversation_id": chat, "agent": ANA})[0] == 202
    writes(deployment, number, "wamid.in2")
    assert signals(graph)[2:] == [("seen", "wamid.in2")], "nobody writes yet"
    types = {"type": "agent.typing", "conversation_id": chat, "agent": ANA}
    for _ in range(2):
        assert deployment.desk_posts(types)[0] == 202
    assert signals(graph)[3:] == [("typing", "wamid.in2")]
