"""Sockets of web chats on the packaged template: opened, told, closed, as API Gateway and a page would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
import websocket

from chalicelib.ports import ids
from tests.stack.conftest import WITHIN_S, Deployment, Visitor, echo, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@dataclass
class Window:
    """A page's socket, and what it was told so far."""

    socket: Any
    frames: list[dict[str, Any]] = field(default_factory=list)

    def says(self, frame: Any) -> None:
        """Send a frame."""
        self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def hears(self, what: str, check: Any) -> dict[str, Any]:
        """Wait for a frame that fits, among those to come and those that came."""
        while True:
            for frame in self.frames:
                if check(frame):
                    return frame
            try:
                self.frames.append(json.loads(self.socket.recv()))
            except (websocket.WebSocketTimeoutException, websocket.WebSocketConnectionClosedException) as error:
                raise AssertionError(f"{what}: {error!r}; heard {self.frames}") from error

    def reads(self, text: str) -> dict[str, Any]:
        """Wait for a message; gives the frame that it came in."""
        return self.hears(text, lambda frame: text in [one["text"] for one in frame.get("data", ())])

    def texts(self) -> list[str]:
        """What was said in all frames so far."""
        return [one["text"] for frame in self.frames for one in frame.get("data", ())]


@contextmanager
def window(deployment: Deployment, visitor: Visitor, *, origin: str = "", **more: str) -> Iterator[Window]:
    """A page that opens its socket."""
    query = urlencode({"channel": visitor.channel, "session": visitor.session} | more)
    given: dict[str, Any] = {"origin": origin} if origin else {"suppress_origin": True}
    socket = websocket.create_connection(f"{deployment.channel['live_url']}?{query}", timeout=WITHIN_S, **given)
    try:
        yield Window(socket)
    finally:
        socket.close()


def refused(deployment: Deployment, visitor: Visitor, **more: str) -> bool:
    """Whether a socket is not let in."""
    try:
        with window(deployment, visitor, **more):
            return False
    except websocket.WebSocketBadStatusException as error:
        return error.status_code == 403


def is_state(frame: dict[str, Any]) -> bool:
    return bool(frame["type"] == "state")


def test_an_answer_comes_by_the_socket(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    visitor = deployment.visitor()
    visitor.says("one")
    assert visitor.sees("you said one")["direction"] == "out"
    with window(deployment, visitor, after=visitor.cursor) as page:
        assert page.hears("who has the thread", is_state)["owner"] == "bot"
        page.says({"type": "ping"})
        page.hears("pong", lambda frame: frame["type"] == "pong")
        visitor.says("two")
        frame = page.reads("you said two")
        assert (frame["type"], page.texts()) == ("messages", ["you said two"])
        polled = deployment.platform.get(
            f"/channels/{visitor.channel}/messages?session={visitor.session}&after={visitor.cursor}", key=None
        )
        assert polled["next"] == frame["next"]
        assert [row | {"state": ""} | {"delivery_state": ""} for row in polled["data"]] == [
            row | {"state": ""} | {"delivery_state": ""} for row in frame["data"]
        ]


def test_what_was_missed_comes_first_and_nothing_twice(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    visitor = deployment.visitor()
    visitor.says("one")
    visitor.sees("you said one")
    wants = {"include": "all,events"}
    with window(deployment, visitor, **wants) as page:
        page.reads("you said one")
        visitor.says("two")
        cursor = page.reads("you said two")["next"]
        page.hears("who has the thread", is_state)
        assert page.texts() == ["one", "you said one", "two", "you said two"]
    visitor.says("three")
    visitor.sees("you said three")
    with window(deployment, visitor, after=cursor, **wants) as page:
        page.reads("you said three")
        visitor.says("four")
        page.reads("you said four")
        assert page.texts() == ["three", "you said three", "four", "you said four"]
        frames = [frame for frame in page.frames if frame["type"] == "messages"]
        assert [frame["after"] for frame in frames] == [cursor, *(frame["next"] for frame in frames[:-1])]


def test_a_person_takes_over_and_types(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    conversation = deployment.conversation_with(visitor)
    with window(deployment, visitor, include="events") as page:
        page.hears("the bot has it", lambda frame: is_state(frame) and frame["owner"] == "bot")
        deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
        page.hears("the desk has it", lambda frame: is_state(frame) and frame["owner"] == "desk")
        chat = deployment.desk_hears("it", lambda event: event["type"] == "chat.started")["data"]["conversation_id"]
        agent = {"id": "7", "name": "Ana"}
        reply = deployment.desk_posts({"type": "agent.typing", "conversation_id": chat, "agent": agent})
        assert reply.status == 202
        typing = page.hears("Ana types", lambda frame: is_state(frame) and "typing" in frame)
        assert typing == {"type": "state", "owner": "desk", "typing": {"name": "Ana"}}
        deployment.desk_posts({"type": "agent.message", "conversation_id": chat, "agent": agent, "text": "hello"})
        page.reads("hello")


def test_who_may_not_is_not_let_in(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    visitor.says("one")
    stranger = Visitor(deployment.platform, visitor.channel, session=ids.token(32))
    assert refused(deployment, stranger), "nobody has written in it"
    assert refused(deployment, Visitor(deployment.platform, visitor.channel, session="none"))
    other = deployment.platform.make("channels", service_id=deployment.service, kind="webchat", name="other")
    assert refused(deployment, Visitor(deployment.platform, other["id"], session=visitor.session))
    closed = deployment.platform.make(
        "channels", service_id=deployment.service, kind="webchat", name="closed",
        settings={"allowed_origins": ["https://shop.example"]},
    )  # fmt: skip
    assert closed["live_url"] == deployment.channel["live_url"]
    guest = Visitor(deployment.platform, closed["id"])
    guest.says("hello")
    assert refused(deployment, guest, origin="https://else.example")
    with window(deployment, guest, origin="https://shop.example") as page:
        page.hears("who has the thread", is_state)


def test_a_socket_that_is_gone_is_forgotten(deployment: Deployment) -> None:
    table = f"parley-{deployment.platform.up.stage}-connections"
    dynamodb = deployment.platform.up.client("dynamodb")
    visitor = deployment.visitor()
    visitor.says("one")
    with window(deployment, visitor) as page:
        page.hears("who has the thread", is_state)
        rows = dynamodb.scan(TableName=table)["Items"]
        assert len([row for row in rows if row["topic"]["S"].startswith(("thread#", "connection#"))]) >= 2
        mine = {row["topic"]["S"] for row in rows}
    eventually(
        lambda: not mine & {row["topic"]["S"] for row in dynamodb.scan(TableName=table)["Items"]}, "it is forgotten"
    )
