"""The state of a thread while one event is decided: what `decide` works on and what comes out of it.

Pure: a `Turn` collects messages, conversations and timers; `converse` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import notice
from chalicelib.domain.chat import Chat
from chalicelib.domain.deciding.routing import ECHO, ServiceConfig
from chalicelib.domain.event import Event
from chalicelib.domain.message import FAILED, PENDING, RECEIVED, Author, Content, Message
from chalicelib.domain.route import BOT as TO_BOT
from chalicelib.domain.route import CHANNEL, Route
from chalicelib.domain.route import DESK as TO_DESK
from chalicelib.domain.tasks import OfferExpired, Place, Task
from chalicelib.domain.thread import (
    ACCEPTED,
    BOT,
    CLOSED,
    DESK,
    NOBODY,
    OFFERED,
    OPEN,
    Conversation,
    Thread,
    conversation_id,
    message_id,
    parse_conversation_id,
)


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that `fire_timer` does at `due`."""

    id: str
    due: int
    task: Task


@dataclass(slots=True)
class Turn:
    """One event meeting one thread."""

    event: Event
    thread: Thread
    config: ServiceConfig
    contact: dict[str, Any] = field(default_factory=dict)
    """What rules may ask about the contact beyond what the thread knows: attributes, tags."""
    was: Thread = field(init=False)
    """The thread before."""
    messages: list[Message] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    conversation_changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """(conversation number, changed fields) of conversations that changed."""
    timers: list[Timer] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)  # of `domain.message_change.Change`: to messages of before
    ignored: str = ""
    """Why the event changes nothing, for the log."""

    def __post_init__(self) -> None:
        self.was = self.thread

    @property
    def chat(self) -> Chat:
        """The open chat; only for events that need one."""
        if self.thread.chat is None:
            raise ValueError(f"no chat is open on {self.thread.id}")
        return self.thread.chat

    @property
    def source(self) -> str:
        """Source of what this event says."""
        return str(self.event.body.get("source", self.thread.source))

    def say(
        self,
        content: Content,
        *,
        author: Author,
        direction: str,
        conversation: str,
        routes: list[Route],
        status_to: list[Route] | None = None,
        state: str = "",
        error: dict[str, Any] | None = None,
        seq: int = 0,
        sent_at: int = 0,
        rule: str = "",
    ) -> Message:
        """Add a message at the end of the thread, or under the number that its time gives it."""
        event, thread = self.event, self.thread
        said = Message(
            id=message_id(thread.id, event.id, len(self.messages)),
            thread=thread.id,
            seq=seq or thread.last_seq + 1,
            service=thread.service,
            channel=thread.channel,
            channel_kind=thread.channel_kind,
            address=thread.address,
            conversation=conversation,
            contact=thread.contact.get("id", ""),
            contact_name=thread.contact.get("name", ""),
            source=self.source,
            direction=direction,
            author=author,
            content=content,
            state=state or (RECEIVED if direction == "in" else PENDING),
            sent_at=sent_at or event.at,
            event=event.id,
            routes=tuple(routes),
            status_to=tuple(status_to or ()),
            trace=event.trace,
            provider_id=event.body.get("provider_id", ""),
            error=error,
            rule=rule,
        )
        self.messages.append(said)
        # What is said among agents is none of the messages that anybody else is told the number of.
        counts = thread.counts if said.is_note else _counted(thread, conversation)
        self.thread = replace(thread, last_seq=max(thread.last_seq, said.seq), counts=counts)
        return said

    def note(self, name: str, *, conversation: str, routes: list[Route] | None = None, **details: Any) -> None:
        """Add a message of type event: something happened that is not speech."""
        shown = {key: value for key, value in details.items() if value not in ("", None, {}, [])}
        self.say(
            Content(type="event", details={"name": name} | shown),
            author=Author("system"),
            direction="in",
            conversation=conversation,
            routes=routes or [],
        )

    def open_bot(self, bot: str) -> str:
        """Id of the bot's conversation on this thread, opened where it has none."""
        thread = self.thread
        if bot not in thread.bots:
            number = thread.conversations + 1
            self.thread = replace(thread, conversations=number, bots=thread.bots | {bot: number})
            self._opened(number, BOT, bot, OPEN)
        return self.thread.bot_conversation(bot)

    def close_bot(self, bot: str, *, outcome: str = "") -> None:
        """Close the bot's conversation; its next message opens another."""
        number = self.thread.bots[bot]
        self.thread = replace(self.thread, bots={key: value for key, value in self.thread.bots.items() if key != bot})
        self.conversation_changes.append((number, {"state": CLOSED, "closed_at": self.event.at, "outcome": outcome}))

    def open_chat(self, desk: str, *, reason: str, tried: tuple[str, ...] = ()) -> str:
        """Open a new conversation at a desk, which then owns the thread; gives its id."""
        thread = self.thread
        number = thread.conversations + 1
        chat = Chat(number, desk, OFFERED, self.event.at, tried, reason)
        self.thread = replace(thread, conversations=number, chat=chat)
        self._opened(number, DESK, desk, OFFERED, reason=reason)
        self.own(DESK)
        party = self.config.desk(desk)
        if party and party.accept_within_s:
            task = OfferExpired(number=number, **self.place())
            self.timers.append(Timer(f"offer:{thread.id}:{number}", self.event.at + party.accept_within_s * 1000, task))
        return conversation_id(thread.id, number)

    def change_chat(self, **changes: Any) -> None:
        """Change the open chat and its conversation's row alike."""
        chat = self.chat
        mine = {name: changes[name] for name in ("state", "agent") if changes.get(name)}
        self.thread = replace(self.thread, chat=replace(chat, **mine))
        self.conversation_changes.append((chat.number, changes))

    def close_chat(self, *, outcome: str = "") -> None:
        """Close the desk's conversation; the thread is the bot's again where it has one, else nobody's."""
        chat = self.chat
        changes: dict[str, Any] = {"state": CLOSED, "closed_at": self.event.at, "outcome": outcome}
        self.thread = replace(self.thread, chat=None, fallback="")
        self.conversation_changes.append((chat.number, changes))
        self.own(BOT if self.thread.bot in self.thread.bots else NOBODY)

    def own(self, owner: str) -> None:
        """Give the thread to `owner`; the epoch tells timers of before from those of now."""
        if owner != self.thread.owner:
            self.thread = replace(self.thread, owner=owner, epoch=self.thread.epoch + 1)

    def to_bot(self, bot: str, *, mode: str, kind: str = notice.MESSAGE) -> Route:
        """The route of a numbered notice to a bot."""
        number = self.thread.told.get(bot, 0) + 1
        self.thread = replace(self.thread, told=self.thread.told | {bot: number})
        route = Route(TO_BOT, bot, kind, self.open_bot(bot), mode, number)
        # Only a bot that is expected to answer can keep the customer waiting.
        if mode == "BOT" and self.thread.patience_s and self.thread.desk:
            return replace(route, patience_s=self.thread.patience_s, desk=self.thread.desk)
        return route

    def copy_to_bot(self, kind: str = notice.MESSAGE) -> list[Route]:
        """A copy for the thread's bot, while the desk owns the thread, unless it wants none of the message's source.
        An echo bot wants none at all.

        A bot that owns the thread hears everything: it is expected to answer."""
        bot = self.thread.bot
        if not bot or bot not in self.thread.bots:
            return []
        party = self.config.bot(bot)
        if party and (party.kind == ECHO or (party.sources and self.source not in party.sources)):
            return []
        # Its kind is a message's, whatever was pressed, unless nothing was said at all.
        return [self.to_bot(bot, mode="CCSP", kind=notice.HAPPENED if kind == notice.HAPPENED else notice.MESSAGE)]

    def bot_hears(self, kind: str, *, owner: str = "", reason: str = "") -> list[Route]:
        """An unnumbered notice for the thread's bot."""
        bot = self.thread.bot
        if not bot or bot not in self.thread.bots:
            return []
        if kind == notice.OWNER_CHANGED:
            party = self.config.bot(bot)
            if party is None or party.profile != "standard":
                return []
        mode = "BOT" if self.thread.owner == BOT else "CCSP"
        conversation = self.thread.bot_conversation(bot)
        return [Route(TO_BOT, bot, kind, conversation, mode, owner=owner, reason=reason)]

    def to_desk(self, kind: str = notice.MESSAGE, *, reason: str = "", params: dict[str, Any] | None = None) -> Route:
        """The route of a notice to the desk that owns the thread."""
        conversation = self.thread.chat_conversation()
        return Route(TO_DESK, self.chat.desk, kind, conversation, "CCSP", reason=reason, params=params or {})

    def to_channel(self) -> Route:
        """The route to the customer, with what the provider wants with an answer while that is good."""
        handle = self.thread.handle
        good = handle and self.event.at < (handle.get("until") or self.event.at + 1)
        return Route(CHANNEL, handle=handle if good else {})

    def place(self) -> Place:
        """Where the thread is, for a task of it."""
        thread = self.thread
        return {
            "service": thread.service,
            "channel": thread.channel,
            "channel_kind": thread.channel_kind,
            "address": thread.address,
            "thread": thread.id,
        }

    def _opened(self, number: int, kind: str, party: str, state: str, reason: str = "") -> None:
        thread = self.thread
        self.conversations.append(
            Conversation(
                thread=thread.id,
                number=number,
                service=thread.service,
                kind=kind,
                party=party,
                state=state,
                opened_at=self.event.at,
                contact=thread.contact.get("id", ""),
                channel=thread.channel,
                source=self.source,
                reason=reason,
                first=thread.last_seq + 1 if kind in (BOT, DESK) else 0,
                test=thread.test,
            )
        )


def _counted(thread: Thread, conversation: str) -> dict[str, int]:
    number = str(named[1]) if (named := parse_conversation_id(conversation)) else ""
    return thread.counts | {number: thread.counts.get(number, 0) + 1} if number else thread.counts


def accepted(turn: Turn, agent: dict[str, str]) -> None:
    """The offered chat is taken: said by the desk, or shown by its first word."""
    if turn.chat.state == OFFERED:
        turn.change_chat(state=ACCEPTED, agent=agent)
    elif agent.get("id") and not turn.chat.agent.get("id"):
        turn.change_chat(agent=agent)


def kept_unsent(turn: Turn, content: Content, author: Author, *, code: str, reason: str) -> None:
    """Keep a message that nobody is sent: its edge accepted it, but the thread changed hands meanwhile, or it is not
    wanted."""
    turn.say(
        content,
        author=author,
        direction="out",
        conversation=turn.event.body["conversation"],
        routes=[],
        state=FAILED,
        error={"code": code, "reason": reason},
        status_to=[],
    )
