"""Examples of deciding: an event, the thread that it meets and the service's configuration in; what comes of it out.

The key of the thread, 26 characters that come from its channel and address, is written `T`: `cv_T_1` is the thread's
first conversation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.deciding import conditions
from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.opening_hours import week_of
from chalicelib.domain.deciding.routing import Party, Rule
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import Event
from chalicelib.domain.message import Message
from chalicelib.domain.thread import Thread, thread_id

AT = 1_900_000_000_000
"""Time of an event that says no other, in milliseconds."""
SERVICE, CHANNEL, KIND, ADDRESS = "sv_1", "ch_1", "custom", "ada"


@dataclass(frozen=True)
class Config:
    """A service's configuration as an example gives it."""

    given: dict[str, Any] = field(default_factory=dict)
    timezone: str = "UTC"
    country: str = ""

    @property
    def rules(self) -> list[Rule]:
        return [Rule(f"ru_{n}", **one) for n, one in enumerate(self.given.get("rules", ()))]

    def bot(self, id: str) -> Party | None:
        return self._party("bots", id)

    def desk(self, id: str) -> Party | None:
        return self._party("desks", id)

    def _party(self, kind: str, id: str) -> Party | None:
        of = self.given.get(kind, {}).get(id)
        if of is None:
            return None
        week = {"week": week_of(of["hours"])} if "hours" in of else {}
        return Party(
            id, **{"kind": "webhook"} | week | {name: of[name] for name in of if name not in ("name", "hours")}
        )

    def bot_name(self, id: str) -> str:
        return str(self.given.get("bots", {}).get(id, {}).get("name", ""))

    def usable(self, desk: str) -> bool:
        return self.desk(desk) is not None and desk not in self.given.get("down", ())

    def subscribers(self, event: str, source: str, facts: Callable[[], dict[str, Any]]) -> list[str]:
        """Ids of the example's subscriptions to this type of event."""
        return [id for id, events in self.given.get("subscriptions", {}).items() if event in events]

    def notifies(self, trigger: str) -> bool:
        return trigger in self.given.get("notifies", ())

    def matches(self, rule: Any, facts: dict[str, Any]) -> bool:
        matched, trouble = conditions.matches(rule, facts)
        assert not trouble, trouble
        return matched


def decided(example: dict[str, Any]) -> dict[str, Any]:
    """What comes of an example's input, as its `gives` says it."""
    about = {"channel": CHANNEL, "channel_kind": KIND, "address": ADDRESS} | example["input"].get("place", {})
    id = thread_id(about["channel"], about["address"])
    given = json.loads(json.dumps(example["input"]).replace("_T", f"_{id[3:]}"))
    of = {"id": id, "service": SERVICE, **about} | given.get("thread", {})
    thread = Thread.of(of)
    told = given["event"]
    event = Event.of({"id": "ev_1", "service": SERVICE, "thread": id, "at": AT} | about | told)
    turn = decide(event, thread, Config(given.get("config", {})), given.get("contact"))
    assert decide(event, thread, Config(given.get("config", {})), given.get("contact")) == turn, "decided twice is once"
    plain: dict[str, Any] = json.loads(json.dumps(_shown(turn, of)).replace(f"_{id[3:]}", "_T"))
    return plain


def _shown(turn: Turn, before: dict[str, Any]) -> dict[str, Any]:
    after = turn.thread.plain()
    was = Thread.of(before).plain()
    changed = {name: after.get(name) for name in {*after, *was} - {"recent"} if after.get(name) != was.get(name)}
    shown: dict[str, Any] = {
        "ignored": turn.ignored,
        "thread": dict(sorted(changed.items())),
        "messages": [_message(said) for said in turn.messages],
        "opens": [
            {"number": one.number, one.kind: one.party, "state": one.state}
            | ({"reason": one.reason} if one.reason else {})
            for one in turn.conversations
        ],
        "conversation_changes": [{"number": number} | more for number, more in turn.conversation_changes],
        "timers": [
            {"in_s": (timer.due - AT) / 1000}
            | {key: value for key, value in timer.task.plain().items() if key not in ("service", "thread", *_PLACE)}
            for timer in turn.timers
        ],
        "changes": [
            {"seq": one.seq, "kind": one.kind} | ({"text": one.text} if one.text else {}) for one in turn.changes
        ],
    }
    return {name: value for name, value in shown.items() if value}


_PLACE = ("channel", "channel_kind", "address")


def _message(said: Message) -> dict[str, Any]:
    author = {said.author.kind: said.author.id or said.author.name} if said.author.kind != "system" else "system"
    content = said.content.plain()
    shown = {
        "seq": said.seq,
        said.direction: content.get("text") or content.get("details", {}).get("name") or content["type"],
        "by": author,
        "details": content.get("details"),
        "conversation": said.conversation,
        "state": said.state if said.state not in ("received", "pending") else "",
        "error": said.error,
        "to": [route.plain() for route in said.routes],
        "status_to": [route.plain() for route in said.status_to],
    }
    return {name: value for name, value in shown.items() if value}
