"""A whole service through the API, with a bot and a desk of other people, and a visitor in the web chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.cloud import Cloud
from tests.http_api import Client
from tests.outside import Heard, Outside, serving

TOKEN = "the-bots-own-token"


@dataclass
class Deployment:
    """The service and everybody around it."""

    cloud: Cloud
    client: Client
    key: str
    bot: Outside
    desk: Outside
    ids: dict[str, str] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    session: str = ""

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """A call to the platform with the admin key."""
        path = "/" + path.split("://", 1)[1].split("/", 1)[1] if "://" in path else path
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"} | (headers or {})
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = self.client.http.request(method, path, headers=sent, body=raw)
        text = answer.body.decode()
        return answer.status_code, json.loads(text) if text and text[0] in "{[" else text

    def make(self, thing: str, **fields: Any) -> dict[str, Any]:
        """Make a resource."""
        status, answer = self.call("POST", f"/v1/{thing}", fields)
        assert status == 201, answer
        made: dict[str, Any] = answer
        self.made[fields["name"]] = made
        self.ids[fields["name"]] = made["id"]
        return made

    def verify(self, thing: str, name: str) -> None:
        """Verify a bot or desk."""
        status, answer = self.call("POST", f"/v1/{thing}/{self.ids[name]}/verify")
        assert status == 200, answer

    def says(self, text: str, **more: Any) -> str:
        """The visitor writes; everything moves until quiet. Gives the message's id."""
        body = {"text": text} | ({"session": self.session} if self.session else {}) | more
        status, answer = self.call("POST", f"/channels/{self.ids['chat']}/webhook", body)
        assert status == 202, answer
        self.session = answer["session"]
        self.cloud.pump()
        return str(answer["message_id"])

    def sees(self, *, everything: bool = False) -> list[str]:
        """What the visitor's window shows."""
        more = "&include=all" if everything else ""
        status, answer = self.call("GET", f"/channels/{self.ids['chat']}/messages?session={self.session}{more}")
        assert status == 200, answer
        self.cloud.pump()
        return [message["text"] for message in answer["data"]]

    def bot_posts(self, *events: dict[str, Any]) -> tuple[int, Any]:
        """The bot posts to its events URL."""
        answer = self.call("POST", self.made["bot"]["events_url"], events[0] if len(events) == 1 else list(events))
        self.cloud.pump()
        return answer

    def desk_posts(self, event: dict[str, Any], name: str = "desk") -> tuple[int, Any]:
        """The desk posts to its events URL."""
        answer = self.call("POST", self.made[name]["events_url"], event)
        self.cloud.pump()
        return answer


def answers_with_token(heard: Heard) -> tuple[int, Any]:
    """A well-behaved bot that has nothing to say."""
    return 200, {"verification_token": TOKEN}


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """A clock that stands still at the moment at which it is and goes on when it is told to.

    Not at a date of its own: what a test made before would be rows of the future, or of long ago.
    """
    with time_machine.travel(datetime.now(UTC), tick=False) as made:
        yield made


@pytest.fixture
def deployment(cloud: Cloud) -> Iterator[Deployment]:
    """A web chat whose messages a bot answers and a desk takes over."""
    from chalicelib.api.http import base_url
    from chalicelib.api.kinds import keys
    from chalicelib.tables import config

    base_url.forget()
    key, row = keys.mint("test", ["admin"])
    config.create(row)
    with serving() as bot, serving() as desk, Client(cloud.app.app) as client:
        deployment = Deployment(cloud, client, key, bot, desk)
        bot.answer = answers_with_token
        service = deployment.make("services", name="care")["id"]
        deployment.make("channels", service_id=service, kind="webchat", name="chat")
        deployment.make(
            "bots",
            service_id=service,
            kind="webhook",
            name="bot",
            profile="imi",
            webhook_url=bot.url,
            verification_token=TOKEN,
            access_token="bearer-of-ours",
        )
        deployment.make("desks", service_id=service, kind="webhook", name="desk", webhook_url=desk.url)
        deployment.make(
            "rules",
            service_id=service,
            name="all",
            to="bot+desk",
            bot_id=deployment.ids["bot"],
            desk_id=deployment.ids["desk"],
        )
        deployment.verify("bots", "bot")
        deployment.verify("desks", "desk")
        bot.forget()
        desk.forget()
        yield deployment
