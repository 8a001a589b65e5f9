"""A thread and its conversations: who owns it, what is open, and how far it has come."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.chat import Chat
from chalicelib.domain.stored import known

BOT, DESK, NOBODY = "bot", "desk", ""
OFFERED, ACCEPTED, HELD, OPEN, CLOSED = "offered", "accepted", "held", "open", "closed"
NOTIFICATION = "notification"
"""Kind of the conversation of what the business says while nobody has the thread."""
TRIGGER, SOURCE = "trigger", "source"
"""Kinds of the channels of threads that no provider's channel has."""
DIRECT = "api"
"""Source of what is said in a conversation that a program opened."""
_REMEMBERED = 12
"""How many recent events a thread knows by name: more than one batch of its queue can redeliver."""
_SHORT = 10


def thread_id(channel: str, address: str) -> str:
    """The thread of a user address on a channel."""
    digest = hashlib.sha256(f"{channel}\x1f{address}".encode()).digest()
    return f"th_{base64.b32encode(digest).decode().lower()[:26]}"


def conversation_id(thread: str, number: int) -> str:
    """The n-th conversation of a thread; it names its thread, so that an edge finds the thread by it."""
    return f"cv_{thread[3:]}_{number}"


def parse_conversation_id(conversation: str) -> tuple[str, int] | None:
    """(thread, number), or None for what cannot be an id of ours."""
    prefix, _, rest = conversation.partition("_")
    key, _, number = rest.partition("_")
    if prefix != "cv" or len(key) != 26 or not key.isalnum() or not number.isascii() or not number.isdigit():
        return None
    if len(number) > 10 or str(int(number)) != number or number == "0":
        return None
    return f"th_{key}", int(number)


def message_id(thread: str, event: str, index: int = 0) -> str:
    """Id of the n-th message that an event causes on a thread; known at the edge, before the message is written."""
    digest = hashlib.sha256(f"{event}\x1f{index}".encode()).digest()
    return f"ms_{thread[3:]}_{base64.b32encode(digest).decode().lower()[:16]}"


def thread_of_message(message: str) -> str | None:
    """The thread that a message's id names, or None for what cannot be an id of ours."""
    prefix, _, rest = message.partition("_")
    key, _, cause = rest.partition("_")
    return f"th_{key}" if prefix == "ms" and len(key) == 26 and len(cause) == 16 else None


@dataclass(frozen=True, slots=True)
class Thread:
    """One user address on one channel; exactly one owner at a time."""

    id: str
    service: str
    channel: str
    channel_kind: str
    address: str
    version: int = 0
    """Number of changes written; 0 while the thread is new."""
    owner: str = NOBODY
    epoch: int = 0
    """Raised whenever the owner changes: part of the names of what happens once while it has this owner."""
    test: bool = False
    """It is an owner's who tries the service: nothing on it is counted."""
    last_seq: int = 0
    conversations: int = 0
    """How many conversations were ever opened."""
    bot: str = ""
    """The bot that owns the thread, or owned it before the desk."""
    bots: dict[str, int] = field(default_factory=dict)
    """Bot -> number of its open conversation."""
    told: dict[str, int] = field(default_factory=dict)
    """Bot -> how many numbered notices it was sent."""
    chat: Chat | None = None
    stopped_at: int = 0
    """When they last said that they want to hear nothing here, in milliseconds; 0: never, or they took it back."""
    notified: int = 0
    """Number of the open conversation of what the business said while nobody had the thread; 0: there is none."""
    notified_at: int = 0
    """When the business last spoke first, in milliseconds; 0: never."""
    contact: dict[str, str] = field(default_factory=dict)
    """id, name, phone, email, as known when the thread last heard of it; `person`: the contact that the address belongs
    to, where it was merged into `id`."""
    heard: str = ""
    """Digests of the identities that it was told of its person: see known.py."""
    first_at: int = 0
    last_at: int = 0
    """Time of the customer's last message."""
    happened_at: int = 0
    """When they last did something without a word, as to call: there are providers that let them be written to since
    then, too."""
    desk: str = ""
    """The desk that the last rule named for this thread."""
    patience_s: int = 0
    """How long the bot may fail before the thread goes to that desk; 0: for ever."""
    fallback: str = ""
    """The bot whose failing gave the thread to the desk, while no person has written since."""
    recent: tuple[str, ...] = ()
    """The last events, shortened, oldest first."""
    asked: tuple[dict[str, Any], ...] = ()
    """Of a trigger's thread: events that wait for the bot's answer, oldest first: `{"id", "number"}`, the
    number of its conversation."""
    answered: dict[str, int] = field(default_factory=dict)
    """Bot -> place of the last event that came in a response to a delivery. A lane is in order, so what comes again
    from an earlier place was handled, however long ago, without a receipt for each."""
    erased: dict[str, Any] = field(default_factory=dict)
    """Where its person was erased: `by` which erasure, `people`, and `upto` which message and up to which of its
    `conversations` it was theirs."""
    left: dict[str, int] = field(default_factory=dict)
    """Where its person went on under another address: `upto` which message and up to which of its `conversations` it
    was theirs."""
    counts: dict[str, int] = field(default_factory=dict)
    """Number of each open conversation -> how many messages it has."""
    offered: dict[str, Any] = field(default_factory=dict)
    """The choices of the last message to the customer that had some, while an answer may mean them: see choosing.py."""
    handle: dict[str, Any] = field(default_factory=dict)
    """What the provider wants with an answer to the customer's last message that had such (`with`), and until when
    (`until`, milliseconds; 0: for good). Nobody but the channel is told it."""
    tally: dict[str, int] = field(default_factory=dict)
    """What the last event counts for: messages `in` and `out`, and `first`, after how many seconds a person said the
    first word in the chat."""

    @property
    def heard_at(self) -> int:
        """When they last said or did something; 0: never."""
        return max(self.last_at, self.happened_at)

    @property
    def is_silent(self) -> bool:
        """Whether they wanted to hear nothing and were not heard of since: what their contact says by now decides."""
        return bool(self.stopped_at) and self.heard_at <= self.stopped_at

    def knows(self, event: str) -> bool:
        """Whether the event is among the recent ones."""
        return event[-_SHORT:] in self.recent

    def has_answer(self, bot: str, place: int) -> bool:
        """Whether what the bot said at a place of its lane was handled."""
        return place > 0 and place <= self.answered.get(bot, 0)

    def after_answer(self, bot: str, place: int) -> Thread:
        """The thread, remembering what the bot said at a place of its lane."""
        return replace(self, answered=self.answered | {bot: place}) if place else self

    def after_event(self, event: str) -> Thread:
        """The thread, remembering the event."""
        return replace(self, recent=(*self.recent, event[-_SHORT:])[-_REMEMBERED:])

    def bot_conversation(self, bot: str) -> str:
        """Id of the bot's open conversation, empty where it has none."""
        return conversation_id(self.id, self.bots[bot]) if bot in self.bots else ""

    @property
    def person(self) -> str:
        """Id of the contact that the thread's own address belongs to, whatever that was merged into since."""
        return self.contact.get("person") or self.contact.get("id", "")

    @property
    def source(self) -> str:
        """Source of what is said on it, where an event does not say another: `api` where a direct call opened it, whose
        channel is its bot."""
        return DIRECT if self.channel.startswith("bt_") else self.channel_kind

    def chat_conversation(self) -> str:
        """Id of the desk's open conversation, empty where there is none."""
        return conversation_id(self.id, self.chat.number) if self.chat else ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        data = {key: value for key in self.__slots__ if (value := getattr(self, key)) not in ("", 0, {}, (), None)}
        for name in ("recent", "asked"):
            if name in data:
                data[name] = list(data[name])
        if self.chat:
            data["chat"] = self.chat.plain()
        return data

    @staticmethod
    def of(plain: dict[str, Any]) -> Thread:
        """The reverse of `plain`."""
        data = dict(plain)
        if chat := data.get("chat"):
            data["chat"] = Chat.of(chat)
        data["recent"], data["asked"] = tuple(data.get("recent", ())), tuple(data.get("asked", ()))
        return Thread(**{"address": ""} | known(Thread, data))


_FIXED = ("id", "service", "channel", "channel_kind", "address", "version", "recent")


def changing(thread: Thread) -> dict[str, Any]:
    """What a message row keeps of the thread's state after it: all but what never changes, and the recent events,
    which are those of before and the message's own."""
    return {key: value for key, value in thread.plain().items() if key not in _FIXED}


def with_state(thread: Thread, after: dict[str, Any], *, event: str) -> Thread:
    """The thread, brought to the state that a message row says came after it; `event` caused the message."""
    fixed = {key: getattr(thread, key) for key in _FIXED}
    if after.get("erased") and not after.get("contact"):
        fixed["address"] = ""
    return Thread.of(fixed | after).after_event(event)


@dataclass(frozen=True, slots=True)
class Conversation:
    """An episode on a thread."""

    thread: str
    number: int
    service: str
    kind: str
    """bot, desk, source or notification."""
    party: str
    """Id of the bot, desk or source; of a notification, of its channel."""
    state: str
    """open or closed; of a desk also offered, accepted, held."""
    opened_at: int
    contact: str = ""
    channel: str = ""
    source: str = ""
    reason: str = ""
    outcome: str = ""
    closed_at: int = 0
    agent: dict[str, str] = field(default_factory=dict)
    first: int = 0
    """Number of its first message on the thread."""
    last: int = 0
    """Number of its last message; 0 while it is open."""
    messages: int = 0
    """How many messages it has; counted in the thread while it is open."""
    test: bool = False
    """As of its thread."""

    @property
    def id(self) -> str:
        return conversation_id(self.thread, self.number)

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        return {key: value for key in self.__slots__ if (value := getattr(self, key)) not in ("", 0, {})}

    @staticmethod
    def of(plain: dict[str, Any]) -> Conversation:
        """The reverse of `plain`."""
        return Conversation(**known(Conversation, plain))
