"""Sockets of consoles: who may open one, what each is told, and that a beat brings what one was not told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from chalicelib.inbound import strangers
from chalicelib.tables import kept_channels
from chalicelib.tables.connections import ConnectionRow
from tests.journeys.conftest import Deployment
from tests.sockets import Gateway, gateway

OURS = "https://console.example"


@pytest.fixture
def sockets(deployment: Deployment) -> Iterator[Gateway]:
    strangers.forget()
    kept_channels.forget()
    with gateway(deployment.cloud) as made:
        yield made


@pytest.fixture
def chat(deployment: Deployment) -> str:
    """A chat that the bot gave to a console desk."""
    desk = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="people")
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": desk["id"]})
    deployment.says("a person, please")
    deployment.bot_posts({"eventid": "1002", "conversation_id": deployment.bot.events()[0]["Conversationid"]})
    _, listed = deployment.call("GET", f"/v1/inbox?service_id={deployment.ids['care']}")
    return str(listed["data"][0]["conversation_id"])


class Page:
    """A console of somebody: it beats, opens a socket, and has the beats say that it is open."""

    def __init__(self, deployment: Deployment, sockets: Gateway, name: str, **person: Any) -> None:
        self.deployment, self.sockets, self.service = deployment, sockets, deployment.ids["care"]
        who = {"role": "agent"} | person
        self.id = deployment.make("people", service_id=self.service, name=name, **who)["id"]
        key = {"service_id": self.service, "person_id": self.id, "scopes": [who["role"]]}
        self.key = deployment.make("keys", name=f"of {name}", **key)
        self.headers = {"Authorization": f"Bearer {self.key['key']}"}
        self.cursor, self.socket, self.open = None, "", ""
        self.beats()

    def call(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        return self.deployment.call(method, path, body, headers=self.headers | more)

    def ticket(self, *, origin: str = OURS) -> str:
        status, given = self.call("POST", "/v1/console/ticket", {"service_id": self.service}, Origin=origin)
        assert (status, given["url"]) == (200, "wss://live.example/live")
        return str(given["ticket"])

    def connects(self) -> None:
        """Open a socket, and have the next beat name it."""
        status, self.socket = self.sockets.connect(ticket=self.ticket(), origin=OURS)
        assert status == 200
        assert self.sockets.send(self.socket, {"type": "ping"}) == {"type": "pong", "socket": self.socket}
        assert self.beats(socket=self.socket)["socket"] is True

    def beats(self, **more: Any) -> Any:
        asked = {"service_id": self.service, "cursor": self.cursor, "open": self.open or None} | more
        status, answer = self.call("POST", "/v1/console/beat", asked)
        assert status == 200, answer
        self.cursor = answer["cursor"]
        self.deployment.cloud.pump()
        return answer

    def told(self, kind: str = "changes") -> list[dict[str, Any]]:
        return self.sockets.frames(self.socket, kind)

    def rows(self) -> list[dict[str, Any]]:
        """The rows that its socket was told, in order."""
        return [row for frame in self.told() for row in frame["changes"]]


def test_sockets_are_told_the_rows_that_beats_answer(deployment: Deployment, sockets: Gateway, chat: str) -> None:
    spare = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="spare")
    ana, bo = Page(deployment, sockets, "Ana"), Page(deployment, sockets, "Bo", desk_ids=[spare["id"]])
    ana.connects()
    bo.connects()
    deployment.says("hello?")
    (row,) = ana.rows()
    assert [row] == ana.beats()["changes"], "the very row that the beat gives"
    assert (row["last"]["text"], row["unread"], bo.rows()) == ("hello?", 1, [])
    assert ana.call("POST", f"/v1/conversations/{chat}/claim")[0] == 200
    deployment.cloud.pump()
    assert [(one["state"], (one["claimed_by"] or {}).get("name")) for one in ana.rows()[1:]] == [
        ("offered", "Ana"), ("accepted", None),
    ]  # fmt: skip
    ana.call("POST", f"/v1/conversations/{chat}/seen", {"sequence": 99})
    deployment.cloud.pump()
    assert ana.rows()[-1]["unread"] == 0
    event = {"type": "chat.transferred", "desk_id": spare["id"]}
    assert ana.call("POST", f"/v1/conversations/{chat}/events", event)[0] == 202
    deployment.cloud.pump()
    # Narrowed to desks: what comes to theirs, and nothing of what left another.
    assert [(one["desk_id"], one["state"]) for one in bo.rows()] == [(spare["id"], "offered")]
    assert {one["state"] for one in ana.rows()} == {"offered", "accepted", "closed"}
    assert deployment.call("PATCH", f"/v1/people/{bo.id}", {"desk_ids": []})[0] == 200
    bo.beats(socket=bo.socket)
    told = len(bo.rows())
    deployment.says("anybody?")
    assert len(bo.rows()) == told, "other desks than before, from the next beat on"


def test_who_is_at_a_chat_is_told_who_else_is(deployment: Deployment, sockets: Gateway, chat: str) -> None:
    ana, bo, cy = (Page(deployment, sockets, name) for name in ("Ana", "Bo", "Cy"))
    for one in (ana, bo, cy):
        one.connects()
    ana.open = bo.open = chat
    ana.beats()
    bo.beats()
    assert [frame["presence"] for frame in ana.told("presence")][:1] == [[]]
    (there,) = ana.told("presence")[-1]["presence"]
    assert (there["agent"], there["typing"]) == ({"id": bo.id, "name": "Bo"}, False)
    assert ana.beats()["presence"] == [there] and ana.told("presence")[-1]["conversation_id"] == chat
    told = len(ana.told("presence"))
    bo.beats()
    assert len(ana.told("presence")) == told, "that somebody is still there is no news"
    bo.beats(typing=True)
    assert [one["typing"] for one in ana.told("presence")[-1]["presence"]] == [True]
    _, visitor = sockets.connect(channel=deployment.ids["chat"], session=deployment.session)
    sockets.send(visitor, {"type": "typing"})
    deployment.cloud.pump()
    assert ana.told("visitor_typing") == bo.told("visitor_typing") == [
        {"type": "visitor_typing", "conversation_id": chat}
    ]  # fmt: skip
    bo.open = ""
    bo.beats()
    assert ana.told("presence")[-1]["presence"] == []
    assert cy.told("presence") == cy.told("visitor_typing") == [], "who is elsewhere hears of none of it"


def test_a_ticket_is_good_once_for_a_minute_and_for_its_page(
    deployment: Deployment, sockets: Gateway, traveller: time_machine.Traveller
) -> None:
    ana = Page(deployment, sockets, "Ana")
    ticket = ana.ticket()
    assert sockets.connect(ticket=ticket, origin="https://elsewhere.example")[0] == 401
    assert sockets.connect(ticket=ticket)[0] == 401
    assert sockets.connect(ticket=ticket, origin=OURS)[0] == 200
    assert sockets.connect(ticket=ticket, origin=OURS)[0] == 401, "used"
    late = ana.ticket(origin="")
    traveller.shift(60)
    assert sockets.connect(ticket=late)[0] == 401
    assert sockets.connect(ticket="x" * 43)[0] == sockets.connect(ticket="")[0] == 401
    other = deployment.make("services", name="other")["id"]
    status, refused = ana.call("POST", "/v1/console/ticket", {"service_id": other})
    assert (status, refused["code"]) == (403, "other_service")
    assert ana.call("POST", "/v1/console/ticket", {"service_id": ana.service}, Authorization="Bearer x")[0] == 401
    for _ in range(10):
        assert sockets.connect(ticket=ana.ticket(), origin=OURS)[0] == 200
    assert sockets.connect(ticket=ana.ticket(), origin=OURS)[0] == 429
    traveller.shift(60)
    assert sockets.connect(ticket=ana.ticket(), origin=OURS)[0] == 200, "those that no beat has named count no more"


def test_a_socket_is_told_as_long_as_somebody_may_beat(
    deployment: Deployment, sockets: Gateway, chat: str, traveller: time_machine.Traveller
) -> None:
    ana, bo = Page(deployment, sockets, "Ana"), Page(deployment, sockets, "Bo")
    _, unsaid = sockets.connect(ticket=ana.ticket(), origin=OURS)
    ana.connects()
    assert bo.beats(socket=ana.socket)["socket"] is False, "somebody else's"
    deployment.says("one")
    assert len(ana.rows()) == 1 and sockets.frames(unsaid, "changes") == [], "not before its page says that it is open"
    assert deployment.call("DELETE", f"/v1/keys/{ana.key['id']}")[0] == 204
    assert ana.call("POST", "/v1/console/beat", {"service_id": ana.service, "socket": ana.socket})[0] == 401
    traveller.shift(60)
    deployment.says("two")
    assert len(ana.rows()) == 1, "a minute after its session has ended it is told nothing"


def test_what_a_socket_was_not_told_comes_with_the_beat(deployment: Deployment, sockets: Gateway, chat: str) -> None:
    """Cut between the row and its frame; a socket that fails, and one that is gone."""
    ana, bo = Page(deployment, sockets, "Ana"), Page(deployment, sockets, "Bo")
    for one in (ana, bo):
        one.connects()
    sockets.failing[ana.socket] = 500, {}
    before = sockets.calls
    deployment.says("hello?")
    assert (sockets.calls - before, len(bo.rows())) == (3, 1), "each told once, and the one that fails closed"
    del sockets.failing[ana.socket]
    answer = ana.beats(socket=ana.socket)
    assert [row["last"]["text"] for row in answer["changes"]] == ["hello?"] and answer["socket"] is False
    assert sockets.send(ana.socket, {"type": "ping"})["code"] == "unknown_connection"
    del sockets.open[bo.socket]
    deployment.says("and again")
    assert [row["last"]["text"] for row in bo.beats()["changes"]][-1] == "and again"
    assert not [row for row in ConnectionRow.scan() if row.person], "both are forgotten"
    assert deployment.cloud.failures == []


def test_records_that_come_again_are_told_again_with_their_version(
    deployment: Deployment, sockets: Gateway, chat: str
) -> None:
    ana = Page(deployment, sockets, "Ana")
    ana.connects()
    deployment.says("one")
    deployment.says("two")
    records = [
        record for record in deployment.cloud._stream_records("beats") if "NewImage" in record["dynamodb"]
    ]  # fmt: skip
    records = [one for one in records if one["dynamodb"]["Keys"]["topic"]["S"].startswith("feed#")]
    assert deployment.cloud.invoke("push", {"Records": records}) == {"batchItemFailures": []}
    assert [row["last"]["text"] for row in ana.rows()] == ["one", "two", "two"], "as they stand, in one frame"
    assert ana.rows()[1] == ana.rows()[2]
