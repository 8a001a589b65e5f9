"""The simulated providers of `examples/providers` beside a platform in one process: a person's phone for a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from chalicelib.api.http import base_url
from chalicelib.ports import aws, queues
from chalicelib.ports.settings import settings
from chalicelib.tables import config
from examples.providers import kinds
from examples.providers.aws import MAIL, REPORT
from examples.providers.faults import Fault
from examples.providers.kinds import Deed
from examples.providers.providers import Providers, channel
from examples.providers.world import Account, Bubble, Hook, Person, World
from tests.journeys.conftest import Deployment
from tests.outside import Answer, Heard, serving


@dataclass
class Phone:
    """A person's phone, with one channel whose provider is simulated."""

    deployment: Deployment
    providers: Providers
    account: Account
    person: Person
    row: dict[str, Any]
    """The channel, as the API shows it."""
    refused: list[tuple[int, Any]] = field(default_factory=list)
    """What webhooks were answered but 2xx."""

    @property
    def world(self) -> World:
        return self.providers.world

    def does(self, do: str, text: str = "", **more: Any) -> None:
        """Do something; everything moves until quiet."""
        self.providers.does(Deed(do, text, **more), self.person, self.account)
        self.settle()

    def settle(self) -> None:
        """Everything moves until quiet."""
        self.deployment.cloud.pump()
        while self.world.hooks:
            hook = self.world.hooks.popleft()
            status, answer = self._posted(hook)
            if not 200 <= status < 300:
                self.refused.append((status, answer))
            self.deployment.cloud.pump()

    def _posted(self, hook: Hook) -> tuple[int, Any]:
        if hook.method == MAIL:
            key = hook.headers["x-key"]
            aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=hook.body)
            record = {"eventTime": "2026-11-21T01:00:01.000Z", "s3": {"object": {"key": quote(key, safe="/")}}}
            queues.send("mails", [queues.Entry({"Records": [record]})])
            return 200, {}
        if hook.method == REPORT:
            queues.send("mails", [queues.Entry(json.loads(hook.body))])
            return 200, {}
        headers = {name.title(): value for name, value in hook.headers.items()}
        url = (hook.url or self.account.url) + hook.query
        return self.deployment.call(hook.method, url, hook.body, headers=headers)

    def switch(self, **fault: Any) -> None:
        """The provider behaves so to this person from now on."""
        self.world.faults.switch(self.account.kind, self.person.id, Fault(**fault))

    def shown(self) -> list[Bubble]:
        """What the business said, the first said first."""
        return [one for one in self.world.thread(self.account, self.person) if not one.mine]

    def texts(self) -> list[str]:
        return [one.text for one in self.shown()]

    def states(self) -> list[str]:
        """Of what the business said, as the platform knows it."""
        every = self.deployment.call("GET", f"/v1/contacts?service_id={self.deployment.ids['care']}")[1]["data"]
        (person,) = [one for one in every if one["name"] != "Neighbours"]  # but the group that they are in
        listed = self.deployment.call("GET", f"/v1/contacts/{person['id']}/timeline")[1]["data"]
        return [str(one["state"]) for one in reversed(listed) if one["direction"] == "out" and one["type"] != "event"]


@contextmanager
def simulated(deployment: Deployment, kind: str) -> Iterator[Phone]:
    """A phone with a channel of this kind, known to both sides."""
    with serving() as outside:
        at = outside.url.removesuffix("/hook")

        async def fetch(url: str) -> tuple[int, bytes, str]:
            """The platform's challenge and files, without a server of its own."""
            query = dict(parse_qsl(urlsplit(url).query))
            return (
                (200, query["hub.challenge"].encode(), "") if "hub.challenge" in query else (200, b"file", "image/png")
            )

        async def at_once(_: Any) -> None:
            """Nothing is waited for."""

        providers = Providers(World(), fetch, at_once, at_once)
        providers.open_all()

        def answer(heard: Heard) -> Answer:
            place = urlsplit(heard.path)
            kind, _, path = place.path.lstrip("/").partition("/")
            query = dict(parse_qsl(place.query))
            given = providers.answered(kind, heard.method, f"/{path}", query, heard.headers, heard.raw, at=at)
            told = asyncio.run(given)
            assert told is not None, "a test that wants no answer looks for it on the whole stack"
            return told.status, told.body, {"Content-Type": "application/json"} | told.headers

        outside.answer = answer
        # Deploying tells the address, with which what is called is signed.
        config.create(config.Resource("parley", "settings", body={"base_url": "http://127.0.0.1:8000"}))
        base_url.forget()
        made = channel(kind, at)
        row = deployment.make("channels", service_id=deployment.ids["care"], **made)
        account = providers.world.open(kinds.load(kind).opened(made))
        account.url = row["webhook_url"]
        yield Phone(deployment, providers, account, next(iter(providers.world.people.values())), row)
