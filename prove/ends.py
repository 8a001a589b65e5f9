"""Everybody around: two bots, a desk and a provider, who do as the docs ask and note what they hear and when.

They know a repeat by its id, as every receiver has to: the same webhook-id or provider's message id counts once.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.outside import Answer, Heard
from tests.stack.conftest import TOKEN

PERSON = "a person, please"
Post = Callable[[str, dict[str, Any], str], None]
"""Posts an event to a URL until it is taken; the last argument is the Idempotency-Key."""


@dataclass
class Log:
    """What one end heard, each id once, in the order of hearing."""

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By whom it is about."""
    at: dict[str, float] = field(default_factory=dict)
    repeats: int = 0
    _ids: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, id: str, who: str, text: str) -> bool:
        """Note a text; False where this id was heard before."""
        with self._lock:
            if id in self._ids:
                self.repeats += 1
                return False
            self._ids.add(id)
            self.texts[who].append(text)
            self.at.setdefault(text, time.monotonic())
            return True


@dataclass
class Row:
    """Does things one after the other for each key, off the thread that asks: a bot that answers when it has time."""

    post: Post
    troubles: list[str] = field(default_factory=list)
    _rows: dict[str, queue.Queue[Callable[[], Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, key: str, url: str, event: dict[str, Any], id: str) -> None:
        """Post an event after those before it."""
        self.then(key, lambda: self.post(url, event, id))

    def then(self, key: str, do: Callable[[], Any]) -> None:
        """Do something after all before it."""
        with self._lock:
            if key not in self._rows:
                self._rows[key] = queue.Queue()
                threading.Thread(target=self._work, args=(self._rows[key],), daemon=True).start()
            self._rows[key].put(do)

    def _work(self, row: queue.Queue[Callable[[], Any]]) -> None:
        while True:
            try:
                row.get()()
            except Exception as error:
                self.troubles.append(f"{type(error).__name__}: {error}")


@dataclass
class Bot:
    """Answers "re <text>": in its response, or, with `posts`, by its events URL."""

    log: Log
    row: Row | None = None
    events_url: str = ""

    def __call__(self, heard: Heard) -> Answer:
        event, said = heard.json, {"verification_token": TOKEN}
        if event.get("Event") != "Incoming message" or event.get("Author") == "agent":
            return 200, said
        text, conversation = event["Message"], event["Conversationid"]
        fresh = self.log.note(heard.headers["webhook-id"], text.partition(" ")[0], text)
        if event["ConversationType"] != "BOT":
            return 200, said
        if PERSON in text:
            answer = {"eventid": "1002", "conversation_id": conversation}
        else:
            answer = {"eventid": "1001", "conversation_id": conversation, "message": f"re {text}"}
        if self.row is None:
            return 200, said | {"events": [answer]}
        if fresh:
            self.row.put(conversation, self.events_url, answer, heard.headers["webhook-id"])
        return 200, said


@dataclass
class Desk:
    """Greets, answers each message "agent re <text>", and closes after the first."""

    log: Log
    row: Row
    events_url: str = ""
    closed: set[str] = field(default_factory=set)
    """Whose conversation it has closed."""

    def __call__(self, heard: Heard) -> Answer:
        event, id = heard.json, heard.headers["webhook-id"]
        kind, data = event.get("type"), event.get("data") or {}
        if kind == "chat.started" and self.log.note(id, "started", id):
            self._says(data, id, "chat.accepted")
            self._says(data, id, "agent.message", text="agent says hello")
        text = data["message"].get("text") if kind == "message.received" else ""
        if text and self.log.note(id, text.partition(" ")[0], text):
            self._says(data, id, "agent.message", text=f"agent re {text}")
            self._says(data, id, "chat.closed")
            self.row.then(data["conversation_id"], lambda: self.closed.add(text.partition(" ")[0]))
        return 200, {}

    def _says(self, data: dict[str, Any], id: str, kind: str, **more: Any) -> None:
        event = {"type": kind, "conversation_id": data["conversation_id"], "agent": {"id": "7", "name": "Ana"}} | more
        self.row.put(data["conversation_id"], self.events_url, event, f"{id}-{kind}")


@dataclass
class Provider:
    """A gateway that takes every message."""

    log: Log

    def __call__(self, heard: Heard) -> Answer:
        sent = heard.json
        self.log.note(sent["id"], sent["to"], sent["text"])
        return 200, {"id": f"p-{sent['id']}"}
