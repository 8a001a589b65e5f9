"""A console desk's people and their inbox: a chat from the queue to its close, and what is said among them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from chalicelib.ports import clock
from chalicelib.tables import inbox
from tests.journeys.conftest import Deployment

BO = {"id": "pe_bo", "name": "Bo"}


@pytest.fixture
def chat(deployment: Deployment) -> str:
    """A chat that the bot gave to a console desk; the visitor has said one thing in it."""
    desk = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="people")
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": desk["id"]})
    deployment.says("a person, please")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    return str(listed(deployment)[0]["conversation_id"])


def listed(deployment: Deployment, which: str = "all", **query: str) -> list[dict[str, Any]]:
    """The rows of a list."""
    more = "".join(f"&{name}={value}" for name, value in query.items())
    status, answer = deployment.call("GET", f"/v1/inbox?service_id={deployment.ids['care']}&list={which}{more}")
    assert (status, answer["next_cursor"]) == (200, None), answer
    rows: list[dict[str, Any]] = answer["data"]
    return rows


def does(deployment: Deployment, chat: str, type: str, **more: Any) -> None:
    """Somebody at the desk does something."""
    status, answer = deployment.call("POST", f"/v1/conversations/{chat}/events", {"type": type} | more)
    assert status == 202, answer
    deployment.cloud.pump()


def claims(deployment: Deployment, chat: str, key: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else None
    return deployment.call("POST", f"/v1/conversations/{chat}/claim", headers=headers)


@pytest.fixture
def other(deployment: Deployment) -> str:
    """The key of somebody else."""
    return str(deployment.make("keys", name="other", scopes=["agent"])["key"])


def test_a_chat_from_the_queue_to_its_close(
    deployment: Deployment, chat: str, other: str, traveller: time_machine.Traveller
) -> None:
    (row,) = listed(deployment, "queue")
    assert (row["state"], row["agent"], row["unread"], row["reason"]) == ("offered", None, 0, "bot")
    assert (row["last"]["text"], row["last"]["by"]) == ("a person, please", "user")
    assert row["waiting_since"] and row["service_id"] == deployment.ids["care"] and row["channel_kind"] == "webchat"
    assert row["desk_id"] == deployment.ids["people"] and row["address"] and row["contact"]["id"]
    deployment.says("hello?")
    (row,) = listed(deployment, "queue", desk_id=deployment.ids["people"])
    assert (row["unread"], row["last"]["text"]) == (1, "hello?")

    status, mine = claims(deployment, chat)
    assert (status, mine["claimed_by"]["id"], mine["agent"]) == (200, deployment.key[3:19], None)
    assert claims(deployment, chat)[0] == 200, "the same person's claim again is the same"
    assert listed(deployment, "queue") == [] and listed(deployment)[0]["claimed_by"] == mine["claimed_by"]
    status, refused = claims(deployment, chat, other)
    assert (status, refused["code"], refused["agent"]) == (409, "claimed", mine["claimed_by"])
    deployment.cloud.pump()
    (taken,) = listed(deployment, "mine")
    assert (taken["state"], taken["agent"], taken["claimed_by"]) == ("accepted", mine["claimed_by"], None)
    assert taken["version"] > mine["version"] > row["version"]
    assert claims(deployment, chat, other)[1]["agent"] == taken["agent"] and claims(deployment, chat)[0] == 200

    assert deployment.call("POST", f"/v1/conversations/{chat}/seen", {"sequence": 99})[0] == 204
    assert listed(deployment)[0]["unread"] == 0
    deployment.says("still there?")
    assert listed(deployment)[0]["unread"] == 1, "nobody has read what is still to come"
    does(deployment, chat, "agent.message", text="good day")
    assert [listed(deployment)[0][name] for name in ("waiting_since", "unread")] == [None, 0]
    assert listed(deployment)[0]["last"]["by"] == "agent"

    does(deployment, chat, "chat.snoozed", until=later(600))
    assert [len(listed(deployment, which)) for which in ("snoozed", "mine", "queue")] == [1, 0, 0]
    traveller.shift(601)
    deployment.cloud.release()
    assert [len(listed(deployment, which)) for which in ("snoozed", "mine", "queue")] == [0, 1, 0]
    does(deployment, chat, "chat.snoozed", until=later(600))
    deployment.says("are you asleep?")
    assert listed(deployment)[0]["snoozed_until"] is None
    does(deployment, chat, "chat.assigned", agent=BO)
    assert (listed(deployment, "mine"), listed(deployment)[0]["agent"]) == ([], BO)

    does(deployment, chat, "chat.closed", outcome="solved")
    assert listed(deployment) == []
    assert claims(deployment, chat)[0] == 410
    assert deployment.call("POST", f"/v1/conversations/{chat}/seen", {"sequence": 1})[0] == 410
    deployment.says("thanks")
    assert deployment.bot.events()[-1]["ConversationType"] == "BOT"


def later(seconds: int) -> str:
    return clock.rfc3339(clock.now_ms() + seconds * 1000)


def test_a_claim_whose_event_never_came_lapses(
    deployment: Deployment, chat: str, other: str, traveller: time_machine.Traveller
) -> None:
    (row,) = listed(deployment, "queue")
    assert inbox.claim(row["desk_id"], chat, BO, now_ms=clock.now_ms())
    assert listed(deployment, "queue") == [] and claims(deployment, chat, other)[1]["agent"] == BO
    traveller.shift(60)
    assert [one["claimed_by"] for one in listed(deployment, "queue")] == [None]
    assert claims(deployment, chat, other)[0] == 200
    deployment.cloud.pump()
    assert claims(deployment, chat)[0] == 409
