"""Who gets a message: the first rule that matches decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from chalicelib.domain.deciding.opening_hours import Week
from chalicelib.domain.event import Event
from chalicelib.domain.message import Content, Message
from chalicelib.domain.thread import Thread

MESSAGE, CLOSED = "message", "conversation.closed"
"""What a rule may be asked about, as `event.type`."""

ECHO = "echo"
"""Kind of a bot that is ours, and keeps no record of what people say to each other."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When (a JSONLogic condition) -> who gets the message."""

    id: str
    to: str
    """bot, desk, bot+desk or none."""
    bot: str = ""
    desk: str = ""
    when: Any = None
    channels: tuple[str, ...] = ()
    """Channels it holds for; empty: all."""
    patience_s: int = 0
    """How long the bot may fail before the thread goes to the desk; 0: it waits."""
    on_event: bool = False
    """Whether its condition asks what happened (`event.type`): only then it is asked when something else than a
    customer's message did."""

    @property
    def always(self) -> bool:
        """Whether it has no condition."""
        return self.when in (None, True, {})

    def is_of(self, channel: str) -> bool:
        """Whether it holds for a channel."""
        return not self.channels or channel in self.channels


@dataclass(frozen=True, slots=True)
class Party:
    """A bot or desk, as far as deciding needs it."""

    id: str
    kind: str
    profile: str = ""
    accept_within_s: int = 0
    fallbacks: tuple[str, ...] = ()
    first_reply_within_s: int = 0
    """Of a console desk: how soon a person is to answer first, and how soon later; 0: it does not say."""
    reply_within_s: int = 0
    week: Week = ()
    """When it is open; (): always."""
    sources: tuple[str, ...] = ()
    """Of a bot: the sources of which it wants copies while a desk owns the thread; empty: all."""


class ServiceConfig(Protocol):
    """What deciding may ask about the service."""

    @property
    def rules(self) -> Iterable[Rule]: ...
    @property
    def timezone(self) -> str: ...
    def bot(self, id: str) -> Party | None: ...
    def bot_name(self, id: str) -> str: ...
    def desk(self, id: str) -> Party | None: ...
    def usable(self, desk: str) -> bool:
        """Whether the desk exists and is active."""
        ...

    def subscribers(self, event: str, source: str, facts: Callable[[], dict[str, Any]]) -> Iterable[str]:
        """Ids of the subscriptions that hear of a platform event about a message of a source."""
        ...

    def notifies(self, trigger: str) -> bool:
        """Whether the trigger has a `notify_url`."""
        ...

    @property
    def matches(self) -> Callable[[Any, dict[str, Any]], bool]: ...


def first_match(
    config: ServiceConfig, event: Event, thread: Thread, content: Content, contact: dict[str, Any] | None = None
) -> Rule | None:
    """The rule that decides about a customer's message, or None where nobody gets it."""
    return _first(config, config.rules, event, thread, content, contact, happened=MESSAGE)


def first_after(
    config: ServiceConfig, event: Event, thread: Thread, content: Content, contact: dict[str, Any] | None = None
) -> Rule | None:
    """The rule that waits for the close of a desk's conversation, or None."""
    waiting = [rule for rule in config.rules if rule.on_event]
    return _first(config, waiting, event, thread, content, contact, happened=CLOSED)


def _first(
    config: ServiceConfig,
    rules: Iterable[Rule],
    event: Event,
    thread: Thread,
    content: Content,
    contact: dict[str, Any] | None,
    *,
    happened: str,
) -> Rule | None:
    facts: dict[str, Any] | None = None
    for rule in rules:
        if not rule.is_of(thread.channel):
            continue
        if rule.always:
            return rule
        if facts is None:
            facts = message_facts(event, thread, content, timezone=config.timezone, contact=contact)
            facts["event"] = {"type": happened}
        if config.matches(rule.when, facts):
            return rule
    return None


def message_facts(
    event: Event,
    thread: Thread,
    content: Content,
    *,
    timezone: str,
    contact: dict[str, Any] | None = None,
    said: Message | None = None,
) -> dict[str, Any]:
    """What a condition may speak of, as plain JSON; times are in the service's zone.

    `contact` adds attributes and tags; `said` is the message where it is not the customer's own.
    """
    return {
        "message": {
            "type": content.type,
            "text": content.text,
            "source": said.source if said else event.body.get("source", event.channel_kind),
            "postback": content.details.get("payload") if content.type == "postback" else None,
            "language": content.details.get("language"),
            "event": content.details.get("name") if content.type == "event" else None,
        },
        "contact": unknown_contact() | dict(thread.contact) | (contact or {}),
        "channel": {"id": thread.channel, "kind": thread.channel_kind},
        "thread": {
            "owner": thread.owner or None,
            "first": thread.last_at == 0,
            "last_message_age_s": max(0, event.at - thread.last_at) // 1000 if thread.last_at else None,
        },
        "now": now_in(timezone, event.at),
    }


def unknown_contact() -> dict[str, Any]:
    """What a condition may ask of a contact of whom nothing is known."""
    return {"id": None, "name": None, "phone": None, "email": None, "attributes": {}, "tags": []}


def now_in(timezone: str, at: int) -> dict[str, Any]:
    """What a condition may ask of a time, in milliseconds since the epoch, in a time zone."""
    now = datetime.fromtimestamp(at / 1000, ZoneInfo(timezone or "UTC"))
    return {"hour": now.hour, "minute": now.minute, "weekday": now.isoweekday(), "date": now.date().isoformat()}
