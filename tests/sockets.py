"""API Gateway's side of sockets: a real HTTP server that holds them, and pages that open them through `app.py`."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib.ports import aws
from chalicelib.ports.settings import settings
from tests.cloud import Cloud, Context
from tests.outside import Answer, Heard, Outside, serving

_MOMENT = ("open", "closed", "failing", "opening", "calls", "cursor", "read", "inbox", "beat", "_made")
GONE: Answer = (410, {"message": "gone"}, {"x-amzn-ErrorType": "GoneException"})


@dataclass
class Gateway:
    """The sockets that are open, and what each was told, in order."""

    cloud: Cloud
    server: Outside
    open: dict[str, list[Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    """Sockets that the platform closed."""
    failing: dict[str, Answer] = field(default_factory=dict)
    """Socket -> what a call to it is answered instead of being taken."""
    opening: dict[str, int] = field(default_factory=dict)
    """Socket -> how many calls it takes until it is open."""
    calls: int = 0
    cursor: str = ""
    """How far the pages have come together."""
    read: dict[str, str] = field(default_factory=dict)
    """Message -> what it said, of all that pages were told."""
    inbox: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Conversation -> its row as consoles know it, by sockets and beats: the latest version that they were given."""
    beat: str | None = None
    """The cursor of the beats."""
    _made: int = 0

    def answer(self, heard: Heard) -> Answer:
        """A call of the management API."""
        self.calls += 1
        connection = unquote(heard.path).rpartition("/@connections/")[2]
        if self.opening.get(connection):
            self.opening[connection] -= 1
            return GONE
        if connection in self.failing:
            return self.failing[connection]
        if connection not in self.open:
            return GONE
        if heard.method == "DELETE":
            del self.open[connection]
            self.closed.append(connection)
            return 204, b""
        assert len(heard.raw) <= 32 * 1024, "API Gateway takes no larger frame"
        frame = json.loads(heard.raw)
        self.open[connection].append(frame)
        self.cursor = str(max(int(frame.get("next", 0)), int(self.cursor or 0)))
        self.read |= {row["id"]: row["text"] for row in frame.get("data", ())}
        self.shows(frame.get("changes", ()))
        return 200, b""

    def shows(self, rows: Iterable[dict[str, Any]]) -> None:
        """Rows of the inbox come to a console; one that it has, or an older one, it passes over."""
        for row in rows:
            known = self.inbox.get(row["conversation_id"], {"version": 0})
            self.inbox |= {row["conversation_id"]: row} if row["version"] > known["version"] else {}

    def connect(self, *, origin: str = "", **query: str) -> tuple[int, str]:
        """(status, id) of a page that opens a socket."""
        self._made += 1
        connection = f"c{self._made}="
        headers = {"Origin": origin} if origin else {}
        event = _event("CONNECT", connection) | {"headers": headers, "queryStringParameters": query or None}
        status = int(self.cloud.app.live(event, Context())["statusCode"])
        if status == 200:
            self.open[connection] = []
        return status, connection

    def send(self, connection: str, frame: Any, **more: Any) -> dict[str, Any]:
        """What a page that sends a frame is answered; {} where it is not."""
        body = frame if isinstance(frame, str) else json.dumps(frame)
        answer = self.cloud.app.live(_event("MESSAGE", connection) | {"body": body} | more, Context())
        assert answer["statusCode"] == 200, answer
        said: dict[str, Any] = json.loads(answer.get("body") or "{}")
        return said

    def disconnect(self, connection: str) -> None:
        """A page goes, and API Gateway tells of it."""
        del self.open[connection]
        assert self.cloud.app.live(_event("DISCONNECT", connection), Context()) == {"statusCode": 200}

    def moment(self) -> dict[str, Any]:
        """All there is, to be put back later."""
        return copy.deepcopy({name: getattr(self, name) for name in _MOMENT})

    def put_back(self, moment: dict[str, Any]) -> None:
        """Everything as it was."""
        for name, value in copy.deepcopy(moment).items():
            setattr(self, name, value)

    def frames(self, connection: str, type: str) -> list[dict[str, Any]]:
        """Frames of a type that a socket was told."""
        return [frame for frame in self.open[connection] if frame["type"] == type]

    def rows(self, connection: str) -> list[dict[str, Any]]:
        """All messages that a socket was told."""
        return [row for frame in self.frames(connection, "messages") for row in frame["data"]]

    def texts(self, connection: str) -> list[str]:
        """What was said in them."""
        return [row["text"] for row in self.rows(connection)]


def _event(kind: str, connection: str) -> dict[str, Any]:
    about = {"eventType": kind, "connectionId": connection, "routeKey": f"${kind.lower()}", "stage": "live"}
    return {"requestContext": about | {"identity": {"sourceIp": "127.0.0.1"}}, "isBase64Encoded": False}


@contextmanager
def gateway(cloud: Cloud) -> Iterator[Gateway]:
    """API Gateway with its management API at the address that the environment says."""
    with serving() as server, pytest.MonkeyPatch.context() as patched:
        made = Gateway(cloud, server)
        server.answer = made.answer
        patched.setenv("PARLEY_SOCKETS_URL", server.url)
        patched.setenv("PARLEY_LIVE_URL", "wss://live.example/live")
        _forget()
        try:
            yield made
        finally:
            patched.undo()
            _forget()


def _forget() -> None:
    settings.cache_clear()
    aws.client.cache_clear()
