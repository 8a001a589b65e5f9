"""The whole platform in the emulator, once for all tests here, and everybody around it: spoken to over HTTP only."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from infra.local.emulator import NotStarted, executable
from infra.local.stack import Stack, stack
from tests.outside import Answer, Heard, Outside, serving

if TYPE_CHECKING:
    # Imported where they are asked for: without Chromium only the tests that want one are skipped.
    from tests.stack.browsers import Browsers

TOKEN = "the-bots-own-token"
NOWHERE = "http://127.0.0.1:1/"
"""Nobody listens there."""
WITHIN_S = 15
_numbers = itertools.count(1)


def eventually(check: Callable[[], Any], what: str, *, within_s: float = WITHIN_S, every_s: float = 0.05) -> Any:
    """What `check` gives as soon as it gives something true."""
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        time.sleep(every_s)
    return found


@dataclass
class Reply:
    """What a call was answered."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The code of a problem, after checking that it is one."""
        assert self.headers["content-type"].startswith("application/problem+json"), (self.status, self.raw[:300])
        problem = self.json
        assert problem["status"] == self.status and problem["type"] and problem["title"] and problem["detail"], problem
        assert all(error.keys() == {"path", "message"} for error in problem["errors"]), problem
        return str(problem["code"])


@dataclass
class Platform:
    """The running platform, as an outsider with the admin key meets it."""

    up: Stack

    def call(
        self,
        method: str,
        where: str,
        body: Any = None,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        timeout_s: float = 35,
    ) -> Reply:
        """A call to a path or to a URL that the API gave; `key` is the admin's where it is empty, none where None."""
        url = urlsplit(where if "://" in where else self.up.base_url + where)
        sent = {} if key is None else {"Authorization": f"Bearer {key or self.up.admin_key}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection(url.netloc, timeout=timeout_s)
        try:
            connection.request(method, f"{url.path}?{url.query}", raw, sent | (headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, where: str, **more: Any) -> Any:
        """The JSON of a GET that has to succeed."""
        reply = self.call("GET", where, **more)
        assert reply.status == 200, (where, reply.status, reply.raw[:500])
        return reply.json

    def make(self, plural: str, **fields: Any) -> dict[str, Any]:
        """Make a resource."""
        reply = self.call("POST", f"/v1/{plural}", fields)
        assert reply.status == 201, (plural, reply.status, reply.raw[:500])
        made: dict[str, Any] = reply.json
        return made

    def one_of_each(self, service: str) -> dict[str, str]:
        """Make one resource of each kind: plural -> id; the service's own among them."""
        wanted: dict[str, dict[str, Any]] = {
            "channels": {"kind": "webchat"},
            "bots": {"webhook_url": NOWHERE},
            "desks": {"kind": "console"},
            "rules": {"to": "none"},
            "keys": {"scopes": ["read"]},
            "sources": {"key": "shop", "mapping": {"id": "id", "text": "text"}},
            "subscriptions": {"url": NOWHERE, "events": ["message.created"]},
        }
        made = {"services": service}
        for plural, fields in wanted.items():
            made[plural] = self.make(plural, service_id=service, name=plural, **fields)["id"]
        made["triggers"] = self.make("triggers", service_id=service, name="triggers", bot_id=made["bots"])["id"]
        return made

    def verify(self, plural: str, made: dict[str, Any]) -> None:
        """Verify a bot or desk."""
        reply = self.call("POST", f"/v1/{plural}/{made['id']}/verify")
        assert reply.status == 200 and reply.json["status"] == "active", (reply.status, reply.raw[:500])

    def service(self, name: str = "care") -> str:
        """A new service."""
        return str(self.make("services", name=f"{name} {next(_numbers)}")["id"])

    def deliveries(self, **query: str) -> list[dict[str, Any]]:
        """Deliveries, the oldest first."""
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        data: list[dict[str, Any]] = self.get(f"/v1/deliveries?limit=100&{asked}")["data"]
        return data[::-1]


@dataclass
class Visitor:
    """Somebody in a web chat."""

    platform: Platform
    channel: str
    session: str = ""
    cursor: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    def says(self, text: str = "", **more: Any) -> str:
        """Write; gives the message's id."""
        body = ({"text": text} if text else {}) | ({"session": self.session} if self.session else {}) | more
        reply = self.platform.call("POST", f"/channels/{self.channel}/webhook", body, key=None)
        assert reply.status == 202, (reply.status, reply.raw[:500])
        self.session = reply.json["session"]
        return str(reply.json["message_id"])

    def sees(self, text: str, *, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Wait until a message shows up; gives it."""
        until = time.monotonic() + within_s
        while True:
            for message in self.seen:
                if message["text"] == text:
                    return message
            assert time.monotonic() < until, f"not within {within_s} s: {text!r}; saw {self.texts()}"
            where = f"/channels/{self.channel}/messages?session={quote(self.session)}&after={self.cursor}&wait_s=5"
            page = self.platform.get(where, key=None)
            self.seen += page["data"]
            self.cursor = page["next"]

    def texts(self) -> list[str]:
        """All that was seen so far."""
        return [message["text"] for message in self.seen]


@dataclass
class Deployment:
    """A service with a web chat, somebody's bot and somebody's desk, all verified, and a rule from one to the next."""

    platform: Platform
    bot_end: Outside
    desk_end: Outside
    service: str
    channel: dict[str, Any]
    bot: dict[str, Any]
    desk: dict[str, Any]
    rule: dict[str, Any]

    def visitor(self) -> Visitor:
        """A new visitor."""
        return Visitor(self.platform, self.channel["id"])

    def bot_hears(self, what: str, check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for the first event at the bot that fits."""
        return first(self.bot_end, what, check)

    def desk_hears(self, what: str, check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for the first event at the desk that fits."""
        return first(self.desk_end, what, check)

    def conversation_with(self, visitor: Visitor, text: str = "hello") -> str:
        """Have a visitor say something; gives the bot's conversation with them."""
        visitor.says(text)
        return str(self.bot_hears(text, lambda event: event.get("Message") == text)["Conversationid"])

    def state(self, conversation: str) -> dict[str, Any]:
        """A conversation as the API shows it."""
        shown: dict[str, Any] = self.platform.get(f"/v1/conversations/{conversation}")
        return shown

    def bot_posts(self, event: Any, **more: Any) -> Reply:
        """The bot posts to its events URL."""
        return self.platform.call("POST", self.bot["events_url"], event, key=None, **more)

    def desk_posts(self, event: Any, **more: Any) -> Reply:
        """The desk posts to its events URL."""
        return self.platform.call("POST", self.desk["events_url"], event, key=None, **more)


def first(end: Outside, what: str, check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for the first event that fits."""
    found: list[dict[str, Any]] = eventually(lambda: [event for event in end.events() if check(event)], what)
    return found[0]


def quiet(heard: Heard) -> Answer:
    """A well-behaved bot that has nothing to say."""
    return 200, {"verification_token": TOKEN}


def echo(heard: Heard) -> Answer:
    """A bot that answers in the response."""
    event = heard.json
    said = {
        "eventid": "1001",
        "conversation_id": event.get("Conversationid"),
        "message": f"you said {event.get('Message')}",
    }
    speaks = event.get("Event") == "Incoming message" and event.get("ConversationType") == "BOT"
    return 200, {"verification_token": TOKEN, "events": [said] if speaks else []}


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The platform, deployed as packaged, with each function's own rights enforced."""
    try:
        executable()
    except NotStarted as missing:
        pytest.skip(str(missing))
    with stack(parameters={"SampleConsumer": "yes"}) as up:
        yield Platform(up)
        # Nothing of it is to be kept, so it need not be stopped in order, which takes some seconds.
        up.emulator.kill()


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """Browsers that are used again."""
    from tests.stack.browsers import Browsers

    made = Browsers(tmp_path_factory.mktemp("profiles"))
    yield made
    made.quit()


@pytest.fixture
def deployment(platform: Platform) -> Iterator[Deployment]:
    with serving() as bot_end, serving() as desk_end:
        bot_end.answer = quiet
        service = platform.service()
        channel = platform.make("channels", service_id=service, kind="webchat", name="chat")
        bot = platform.make(
            "bots", service_id=service, kind="webhook", name="bot", profile="imi", webhook_url=bot_end.url,
            verification_token=TOKEN, access_token="bearer-of-ours",
        )  # fmt: skip
        desk = platform.make("desks", service_id=service, kind="webhook", name="desk", webhook_url=desk_end.url)
        rule = platform.make(
            "rules", service_id=service, name="all", to="bot+desk", bot_id=bot["id"], desk_id=desk["id"]
        )
        platform.verify("bots", bot)
        platform.verify("desks", desk)
        bot_end.forget()
        desk_end.forget()
        yield Deployment(platform, bot_end, desk_end, service, channel, bot, desk, rule)
