"""The service of the run: two channels, two bots, a desk, a trigger; and calls that are made until they are taken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from prove.ends import Bot, Desk, Log, Provider, Row
from tests.outside import serving
from tests.stack.conftest import TOKEN, Platform, Reply
from tests.stack.signed import signed

PATIENCE_S = 120
"""How long somebody goes on asking who is not answered 2xx."""


class NotTaken(Exception):
    """A call was refused, or failed for too long."""


def insist(platform: Platform, method: str, where: str, body: Any = None, **more: Any) -> Reply:
    """Make a call until it is answered 2xx, as every caller does who was answered 5xx, 429 or nothing."""
    until, wait_s, repeated = time.monotonic() + PATIENCE_S, 0.2, False
    while True:
        try:
            reply = platform.call(method, where, body, **more)
            # Whose first call went through, unknown to them, may hear the second time that it is done already.
            if reply.status < 300 or (repeated and reply.status in (409, 410)):
                return reply
            if reply.status < 500 and reply.status != 429:
                raise NotTaken(f"{method} {where}: {reply.status} {reply.raw[:300]!r}")
            said = f"{reply.status} {reply.raw[:200]!r}"
        except OSError as error:
            said = repr(error)
        if time.monotonic() > until:
            raise NotTaken(f"{method} {where}: {said}")
        time.sleep(wait_s)
        wait_s, repeated = min(2, wait_s * 2), True


@dataclass
class Place:
    """The service and what everybody around it heard."""

    platform: Platform
    made: dict[str, dict[str, Any]]
    bots: dict[str, Log]
    """By channel."""
    desk: Log
    provider: Log
    closed: set[str]
    """Whose conversation the desk has closed."""
    troubles: list[str]
    """What bots and desk could not say."""

    def chats(self, text: str, session: str) -> str:
        """A visitor of the web chat writes; gives the session."""
        body = {"text": text, "id": text.replace(" ", "-")} | ({"session": session} if session else {})
        taken = insist(self.platform, "POST", f"/channels/{self.made['chat']['id']}/webhook", body, key=None)
        return str(taken.json["session"])

    def shown(self, session: str) -> list[str]:
        """All that the web chat shows to a visitor of what others said."""
        texts, after = [], ""
        while True:
            where = f"/channels/{self.made['chat']['id']}/messages?session={session}&after={after}"
            page = insist(self.platform, "GET", where, key=None).json
            texts += [one["text"] for one in page["data"]]
            if page["next"] == after or not page["data"]:
                return texts
            after = page["next"]

    def gateway(self, who: str, text: str) -> None:
        """The custom channel's provider brings a message."""
        message = {"type": "message", "id": text.replace(" ", "-"), "from": who, "text": text}
        raw, channel = json.dumps(message).encode(), self.made["own"]
        headers = signed(channel["secrets"]["signing_secret"], raw, id=message["id"])
        insist(self.platform, "POST", channel["webhook_url"], raw, key=None, headers=headers)

    def fires(self, session: str, text: str) -> None:
        """A business system posts an event to the trigger."""
        trigger = self.made["orders"]
        headers = {"Authorization": f"Bearer {trigger['secret']}", "Idempotency-Key": text.replace(" ", "-")}
        body = {"text": text, "session": session}
        insist(self.platform, "POST", trigger["event_url"], body, key=None, headers=headers)


@contextmanager
def place(platform: Platform) -> Iterator[Place]:
    """Set everything up, before anything fails."""

    def post(url: str, event: dict[str, Any], id: str) -> None:
        insist(platform, "POST", url, event, key=None, headers={"Idempotency-Key": id})

    logs = {name: Log() for name in ("chat", "own", "desk", "provider")}
    row = Row(post)
    with ExitStack() as stack:
        ends = {name: stack.enter_context(serving()) for name in logs}
        answering, posting, desk_end = Bot(logs["chat"]), Bot(logs["own"], row), Desk(logs["desk"], row)
        ends["chat"].answer, ends["own"].answer, ends["desk"].answer = answering, posting, desk_end
        ends["provider"].answer = Provider(logs["provider"])
        service, made = platform.service("prove"), {}

        def make(thing: str, name: str, **fields: Any) -> str:
            made[name] = platform.make(thing, service_id=service, name=name, **fields)
            return str(made[name]["id"])

        make("channels", "chat", kind="webchat")
        make("channels", "own", kind="custom", settings={"send_url": ends["provider"].url})
        desk = make("desks", "desk", kind="webhook", webhook_url=ends["desk"].url)
        platform.verify("desks", made["desk"])
        for name in ("chat", "own"):
            fields = {"kind": "webhook", "profile": "imi", "verification_token": TOKEN}
            bot = make("bots", f"bot of {name}", webhook_url=ends[name].url, **fields)
            platform.verify("bots", made[f"bot of {name}"])
            make("rules", f"rule of {name}", channel_ids=[made[name]["id"]], to="bot+desk", bot_id=bot, desk_id=desk)
        make("triggers", "orders", bot_id=made["bot of chat"]["id"])
        posting.events_url, desk_end.events_url = made["bot of own"]["events_url"], made["desk"]["events_url"]
        bots = {name: logs[name] for name in ("chat", "own")}
        yield Place(platform, made, bots, logs["desk"], logs["provider"], desk_end.closed, row.troubles)
