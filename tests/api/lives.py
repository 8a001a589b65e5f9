"""A person with conversations, as converse leaves them in the tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.contact import made
from chalicelib.domain.deciding.source_events import number
from chalicelib.domain.message import Author, Content, Message
from chalicelib.domain.thread import Conversation, Thread, changing, conversation_id, message_id, thread_id
from chalicelib.tables import contacts, links, messages, threads

AT = 1_790_000_000_000


def newcomer(service: str, name: str) -> str:
    """A new contact; gives its id."""
    email = f"{name.lower()}@example.com"
    data = made(name=name, identities=[("email", email)])
    return str(contacts.create(service, data, now_ms=AT).id)


@dataclass
class Life:
    """What one person says on one thread; a desk's conversation may interrupt the bot's."""

    service: str
    contact: str
    address: str
    source: str = "webchat"
    kind: str = "bot"
    at: int = AT
    number: int = 1
    thread: Thread = field(init=False)
    open: dict[int, Conversation] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    """Numbers of its messages: two events of a source and one millisecond may come to the same."""

    def __post_init__(self) -> None:
        channel = (
            f"{'so' if self.kind == 'source' else 'ch'}_{self.service[3:]}{self.source.replace('_', '')[:16]:a<16}"
        )
        self.thread = Thread(
            thread_id(channel, self.address), self.service, channel, "source" if self.kind == "source" else "webchat",
            self.address, contact={"id": self.contact, "name": "Ann"} if self.contact else {}, first_at=self.at,
        )  # fmt: skip
        if self.contact:
            links.keep_thread(self.contact, self.thread, source=self.source)
        self.begin(self.kind)

    def begin(self, kind: str) -> str:
        """Open a conversation, which what is said from now on belongs to."""
        self.number = self.thread.conversations + 1
        self.thread = replace(self.thread, conversations=self.number)
        one = Conversation(
            self.thread.id, self.number, self.service, kind, f"pa_{kind}", "open", self.at, self.contact,
            self.thread.channel, self.source, first=0 if kind == "source" else self.thread.last_seq + 1,
        )  # fmt: skip
        self.open[self.number] = one
        self._keep(one)
        return one.id

    def end(self) -> None:
        """Close the conversation; what is said from now on belongs to the one before."""
        count = self.thread.counts.get(str(self.number), 0)
        closed = replace(self.open.pop(self.number), state="closed", last=self.thread.last_seq, messages=count)
        counts = {key: value for key, value in self.thread.counts.items() if key != str(self.number)}
        self.thread = replace(self.thread, counts=counts)
        self.number = max(self.open, default=0)
        self._keep(closed)
        self._store()

    def say(
        self, text: str = "", *, at: int | None = None, conversation: int | None = None, store: bool = True, **more: Any
    ) -> str:
        """Say something; gives the message's id. Of a source, `at` says where it stands."""
        self.at = self.at + 1000
        sent_at, event = at or self.at, f"ev_{self.thread.id}_{self.at}"
        seq = number(sent_at, event) if self.kind == "source" else self.thread.last_seq + 1
        while seq in self.taken:
            seq += 1
        self.taken.add(seq)
        which = self.number if conversation is None else conversation
        counts = self.thread.counts
        if which:
            counts = counts | {str(which): counts.get(str(which), 0) + 1}
        self.thread = replace(self.thread, last_seq=max(seq, self.thread.last_seq), counts=counts, last_at=sent_at)
        message = Message(
            message_id(self.thread.id, event), self.thread.id, seq, self.service, self.thread.channel,
            self.thread.channel_kind, self.address, conversation_id(self.thread.id, which) if which else "",
            self.contact, "Ann", self.source, "in", Author("user", self.contact, "Ann"), Content(text=text or str(seq)),
            "received", sent_at, event,
        )  # fmt: skip
        assert messages.add([messages.row_of(replace(message, **more), after=changing(self.thread))])
        if store:
            self._store()
        return message.id

    def several(self, times: int, **more: Any) -> list[str]:
        """Say something some times; the thread's row is written once."""
        said = [self.say(store=False, **more) for _ in range(times)]
        self._store()
        return said

    @property
    def conversation(self) -> str:
        return conversation_id(self.thread.id, self.number)

    def _keep(self, one: Conversation) -> None:
        threads.keep_conversation(one)
        if self.contact:
            links.keep_conversation(self.contact, one, touched=self.at)

    def _store(self) -> None:
        now = threads.get(self.thread.id)
        assert threads.save(replace(self.thread, version=now.version if now else 0))
