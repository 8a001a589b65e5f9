"""A console desk's people and their inbox: a chat from the queue to its close, and what is said among them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from chalicelib.ports import clock
from chalicelib.tables import connections, inbox
from chalicelib.tables.connections import Connection
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


def test_who_is_mentioned_sees_it_until_they_have_looked(deployment: Deployment, chat: str) -> None:
    care = deployment.ids["care"]
    eve = deployment.make("people", service_id=care, name="Eve", role="agent")["id"]
    key = deployment.make("keys", name="eve", scopes=["agent"], service_id=care, person_id=eve)["key"]

    def eves(which: str) -> list[str]:
        headers = {"Authorization": f"Bearer {key}"}
        _, answer = deployment.call("GET", f"/v1/inbox?service_id={care}&list={which}", headers=headers)
        return [one["conversation_id"] for one in answer["data"] if eve in one["mentions"]]

    def looks(until: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        path = f"/v1/conversations/{chat}/looked"
        assert deployment.call("POST", path, {"until": until}, headers=headers)[0] == 204

    for _ in range(2):
        does(deployment, chat, "agent.note", id="n1", text="@Eve, look", mentions=[eve, "pe_nobody", "x"])
    assert eves("mentions") == eves("all") == [chat] and listed(deployment, "mentions") == []
    assert len(listed(deployment)) == 1, "what says so is no chat"
    looks(later(-60))
    assert eves("mentions") == [chat], "she was mentioned since"
    for _ in range(2):
        looks(later(1))
        assert eves("mentions") == eves("all") == []

    does(deployment, chat, "agent.note", text="@Eve, again", mentions=[eve])
    does(deployment, chat, "chat.closed")
    assert eves("mentions") == []


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


def test_who_waits_goes_to_the_next_desk_and_keeps_their_time(
    deployment: Deployment, chat: str, traveller: time_machine.Traveller
) -> None:
    service = deployment.ids["care"]
    second = deployment.make("desks", service_id=service, kind="console", name="second", first_reply_within_s=900)
    more = {"accept_within_s": 30, "fallback_desk_ids": [second["id"]], "first_reply_within_s": 60}
    assert deployment.call("PATCH", f"/v1/desks/{deployment.ids['people']}", more)[0] == 200
    does(deployment, chat, "chat.transferred", desk_id=deployment.ids["people"])
    (row,) = listed(deployment, "queue")
    assert row["desk_id"] == deployment.ids["people"] and row["conversation_id"] != chat
    assert clock.from_rfc3339(row["due_at"]) == clock.from_rfc3339(row["waiting_since"]) + 60_000
    deployment.says("hello?")
    traveller.shift(31)
    deployment.cloud.release()
    (next_row,) = listed(deployment, "queue")
    assert (next_row["desk_id"], next_row["unread"], next_row["reason"]) == (second["id"], 1, "offer_expired")
    assert next_row["waiting_since"] == row["waiting_since"]
    assert clock.from_rfc3339(next_row["due_at"]) == clock.from_rfc3339(row["waiting_since"]) + 900_000
    assert claims(deployment, next_row["conversation_id"])[0] == 200
    deployment.cloud.pump()
    does(deployment, next_row["conversation_id"], "agent.message", text="here I am")
    assert listed(deployment, "mine")[0]["due_at"] is None


class Console:
    """A page that beats, as somebody."""

    def __init__(self, deployment: Deployment, key: str = "") -> None:
        self.deployment, self.cursor = deployment, None
        self.headers = {"Authorization": f"Bearer {key}"} if key else None

    def beats(self, **more: Any) -> Any:
        """What a beat is answered."""
        asked = {"service_id": self.deployment.ids["care"], "cursor": self.cursor} | more
        status, answer = self.deployment.call("POST", "/v1/console/beat", asked, headers=self.headers)
        assert status == 200, answer
        self.cursor = answer["cursor"]
        return answer

    def hears(self, **more: Any) -> list[tuple[str, str]]:
        """State and last text of the rows that have changed."""
        return [(row["state"], (row["last"] or {}).get("text", "")) for row in self.beats(**more)["changes"]]


def test_consoles_hear_of_every_change_once_and_see_each_other(
    deployment: Deployment, chat: str, other: str, traveller: time_machine.Traveller
) -> None:
    ana, bo = Console(deployment), Console(deployment, other)
    thread = "th_" + chat[3:29]
    first = ana.beats(watch=[chat, "cv_" + "a" * 26 + "_1"])
    assert (first["changes"], first["presence"], first["missed"]) == ([], [], False)
    assert bo.hears() == []
    deployment.says("hello?")
    assert ana.hears() == bo.hears() == [("offered", "hello?")]
    assert ana.hears() == [], "what was given is not given again"
    second = ana.beats(watch=[chat])["versions"]
    assert second["threads"][chat] > first["versions"]["threads"][chat] and [*second["threads"]] == [chat]
    assert second["config"] == first["versions"]["config"]
    assert deployment.call("GET", f"/v1/threads/{thread}")[0] == 200

    status, claimed = claims(deployment, chat)
    assert status == 200
    (row,) = bo.beats()["changes"]
    assert row["claimed_by"] == claimed["claimed_by"] and row["version"] == claimed["version"]
    deployment.cloud.pump()
    assert bo.hears() == [("accepted", "hello?")]
    assert deployment.call("POST", f"/v1/conversations/{chat}/seen", {"sequence": 9})[0] == 204
    assert [one["unread"] for one in bo.beats()["changes"]] == [0]
    # Noted four seconds late, by a clock that is behind: the next beat reads it all the same.
    deployment.says("late")
    traveller.shift(4)
    assert bo.hears() == [("accepted", "late")]

    assert ana.beats(open=chat)["presence"] == []
    (seen,) = bo.beats(open=chat, typing=True)["presence"]
    assert (seen["conversation_id"], seen["agent"]["name"], seen["typing"]) == (chat, "test", False)
    assert [one["typing"] for one in ana.beats(open=chat)["presence"]] == [True]
    bo.beats(open=None)
    assert ana.beats(open=chat)["presence"] == []
    bo.beats(open=chat)
    traveller.shift(31)
    assert ana.beats(open=chat)["presence"] == [], "who has not said so for long is not there"

    socket = Connection("a-socket", f"thread#{thread}", deployment.ids["care"], "", 0, frozenset(), clock.now_ms())
    connections.add(socket)
    assert ana.beats(open=chat)["visitor_typing"] is False
    assert connections.visitor_types(socket.id, socket.topic, now_ms=clock.now_ms())
    assert ana.beats(open=chat)["visitor_typing"] is True

    does(deployment, chat, "chat.closed", outcome="solved")
    assert ana.hears() == bo.hears() == [("closed", "")]
    assert deployment.says("and one more thing") and ana.hears() == []
    traveller.shift(600)
    assert ana.beats()["missed"] is True and ana.beats()["missed"] is False
    status, wrong = deployment.call("POST", "/v1/console/beat", {"service_id": deployment.ids["care"], "cursor": "x"})
    assert (status, wrong["code"]) == (400, "bad_cursor")


def test_an_agent_of_one_desk_sees_no_others(deployment: Deployment, chat: str) -> None:
    service = deployment.ids["care"]
    spare = deployment.make("desks", service_id=service, kind="console", name="spare")
    bo = deployment.make("people", service_id=service, name="Bo", role="agent", desk_ids=[spare["id"]])
    key = deployment.make("keys", name="of Bo", scopes=["agent"], service_id=service, person_id=bo["id"])["key"]
    mine = {"Authorization": f"Bearer {key}"}
    console = Console(deployment, key)
    console.beats()
    deployment.says("hello?")
    assert console.hears() == []
    assert deployment.call("GET", "/v1/inbox", headers=mine)[1]["data"] == []
    people = deployment.ids["people"]
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/inbox?desk_id={people}", None),
        ("POST", f"/v1/conversations/{chat}/claim", None),
        ("POST", f"/v1/conversations/{chat}/seen", {"sequence": 1}),
        ("POST", f"/v1/conversations/{chat}/events", {"type": "chat.closed"}),
    ]
    for method, path, body in asked:
        status, answer = deployment.call(method, path, body, headers=mine)
        assert (status, answer["code"]) == (403, "other_desk"), path
    does(deployment, chat, "chat.transferred", desk_id=spare["id"])
    (row,) = console.beats()["changes"]
    assert row["desk_id"] == spare["id"]
    event = {"type": "agent.message", "text": "here I am", "agent": {"id": "x", "name": "Somebody else"}}
    status, _ = deployment.call("POST", f"/v1/conversations/{row['conversation_id']}/events", event, headers=mine)
    assert status == 202
    deployment.cloud.pump()
    assert deployment.call("GET", "/v1/inbox?list=mine", headers=mine)[1]["data"][0]["agent"] == {
        "id": bo["id"],
        "name": "Bo",
    }, "a person's doing is theirs, whatever is said of it"
