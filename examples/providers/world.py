"""The people, the accounts that businesses have at the providers, and all that was said: what the phones show."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from examples.providers.faults import Faults

MOST_BUBBLES = 500
MOST_CALLS = 200
MOST_FILES = 100
_PASSING = ("call", "typing")
"""Flags of what ends with the process."""
_EPOCH_S = 1_767_225_600
"""2026-01-01: numbers of messages go on from the seconds since then, so that a new simulator repeats none of an old."""


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Person:
    """Somebody with a phone. Numbers are among those that are given to nobody:
    https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama"""

    id: str
    name: str
    phone: str
    mail: str
    number: int
    """What ids of theirs are made of."""


@dataclass
class Account:
    """What a business has at a provider: a number, a bot, a page."""

    kind: str
    id: str
    """Name of it among those of its kind: the number's id, the bot's token, ..."""
    name: str
    settings: dict[str, Any]
    secrets: dict[str, str]
    url: str = ""
    """Where its webhooks go; empty until somebody said so."""
    hook: dict[str, Any] = field(default_factory=dict)
    """What else was said about its webhooks."""


@dataclass
class Bubble:
    """One thing that was said, in either direction, as a phone shows it."""

    id: str
    """The provider's own, as its API and webhooks name it."""
    kind: str
    account: str
    person: str
    mine: bool
    """Whether the person said it."""
    type: str = "text"
    text: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    """`id` of one of ours, `type`, `name`."""
    choices: list[dict[str, str]] = field(default_factory=list)
    """`title`, and `payload` or `url`, `description`."""
    details: dict[str, Any] = field(default_factory=dict)
    """A place's coordinates, a person's numbers, whether choices vanish once one is taken, ..."""
    state: str = ""
    """Of ours: sent, delivered, read, failed. Of the person's: whether the webhook was taken."""
    about: str = ""
    """What it answers."""
    signs: dict[str, str] = field(default_factory=dict)
    """Who -> reaction."""
    edited: bool = False
    deleted: bool = False
    at_ms: int = 0
    opaque: str = ""
    """A word of the business's that its statuses carry."""
    version: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass
class Call:
    """A call of a provider's API, and what it was answered: what a test looks at."""

    kind: str
    method: str
    path: str
    sent: Any
    status: int
    answered: Any


@dataclass(frozen=True)
class Hook:
    """What a provider posts to a webhook."""

    account: Account
    body: bytes
    headers: dict[str, str]
    after_s: float = 0
    bubble: str = ""
    """Whose state tells whether it was taken."""
    query: str = ""
    url: str = ""
    """Where it goes, where not to the account's webhook."""
    method: str = "POST"


@dataclass
class File:
    """What somebody sent."""

    body: bytes
    type: str
    name: str


class World:
    """All of it, in memory, and in a file where there is one."""

    def __init__(self, keep: Path | None = None) -> None:
        self.people: dict[str, Person] = {}
        self.accounts: dict[tuple[str, str], Account] = {}
        self.bubbles: deque[Bubble] = deque(maxlen=MOST_BUBBLES)
        self.calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self.files: dict[str, File] = {}
        self.flags: dict[str, Any] = {}
        """What else a kind remembers, under names of its own: who has stopped, when somebody last wrote."""
        self.live: dict[str, Any] = {}
        """What a kind has under way, as calls; it ends with the process."""
        self.work: deque[Callable[[Any], Coroutine[Any, Any, None]]] = deque()
        """What is to be run beside all else, given the ways out (`calls.Line`)."""
        self.faults = Faults()
        self.hooks: deque[Hook] = deque()
        """What is to be posted; whoever runs the world takes it from here."""
        self.urls: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        """Where webhooks of accounts went, before this start."""
        self.version = 1
        self.changed: Callable[[], None] = lambda: None
        self._keep = keep
        self._number = max(0, now_ms() // 1000 - _EPOCH_S)
        if keep and keep.exists():
            self._read(json.loads(keep.read_text(encoding="utf-8")))
        for name in () if self.people else ("Asha Rao", "Tom Keller"):
            self.add_person(name)

    def add_person(self, name: str) -> Person:
        """Somebody new, with a number and an address of theirs."""
        number = 1 + max((one.number for one in self.people.values()), default=0)
        words = "".join(one if one.isascii() and one.isalnum() else "." for one in name.lower()).strip(".") or "someone"
        mails = {one.mail for one in self.people.values()}
        mail = next(one for one in (f"{words}@example.com", f"{words}.{number}@example.com") if one not in mails)
        person = Person(f"p{number}", name, f"+447700900{100 + number:03d}", mail, number)
        self.people[person.id] = person
        self.touch()
        return person

    def number(self) -> int:
        """The next of numbers that grow and come once."""
        self._number += 1
        return self._number

    def account(self, kind: str, id: str) -> Account | None:
        """One by its name."""
        return self.accounts.get((kind, id))

    def of_kind(self, kind: str) -> list[Account]:
        """All of a kind."""
        return [one for one in self.accounts.values() if one.kind == kind]

    def add(self, bubble: Bubble) -> Bubble:
        """Show it."""
        bubble.at_ms = bubble.at_ms or now_ms()
        self.bubbles.append(bubble)
        self.touch(bubble)
        return bubble

    def touch(self, bubble: Bubble | None = None) -> None:
        """Something changed, of a bubble where one is named."""
        self.version += 1
        if bubble:
            bubble.version = self.version
        self.changed()

    def bubble(self, kind: str, id: str) -> Bubble | None:
        """One by the provider's id."""
        return next((one for one in reversed(self.bubbles) if one.kind == kind and one.id == id), None)

    def thread(self, account: Account, person: Person) -> list[Bubble]:
        """What was said between them, in its order."""
        wanted = (account.kind, account.id, person.id)
        return [one for one in self.bubbles if (one.kind, one.account, one.person) == wanted]

    def flag(self, account: Account, person: Person, name: str) -> Any:
        """What is remembered of a person at an account."""
        return self.flags.get(f"{account.kind}/{account.id}/{person.id}/{name}")

    def set_flag(self, account: Account, person: Person, name: str, value: Any) -> None:
        """Remember it."""
        self.flags[f"{account.kind}/{account.id}/{person.id}/{name}"] = value
        self.touch()

    def keep_file(self, body: bytes, type: str, name: str) -> str:
        """Keep what somebody sent; gives its id."""
        id = f"f{self.number()}"
        self.files[id] = File(body, type, name)
        while len(self.files) > MOST_FILES:
            self.files.pop(next(iter(self.files)))
        return id

    def post(self, hooks: Iterable[Hook]) -> None:
        """Have these posted."""
        self.hooks.extend(hooks)
        self.changed()

    def shown(self, after: int) -> dict[str, Any]:
        """What has changed since a version, for the page."""
        return {
            "version": self.version,
            "people": [asdict(one) for one in self.people.values()],
            "bubbles": [one.plain() for one in self.bubbles if one.version > after],
            "accounts": [
                {"kind": one.kind, "id": one.id, "name": one.name, "url": one.url} for one in self.accounts.values()
            ],
            "faults": [
                {"kind": kind, "person": person} | fault.plain() for (kind, person), fault in self.faults.on.items()
            ],
            "flags": self.flags,
        }  # fmt: skip

    def write(self) -> None:
        """Write it down, all of it or nothing; files of people are not kept."""
        if self._keep is None:
            return
        kept = {
            "people": [asdict(one) for one in self.people.values()],
            "bubbles": [one.plain() for one in self.bubbles],
            "urls": [[kind, id, one.url, one.hook] for (kind, id), one in self.accounts.items()],
            "flags": self.flags,
            "number": self._number,
            "version": self.version,
        }
        new = self._keep.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(new, self._keep)

    def _read(self, kept: dict[str, Any]) -> None:
        self.people = {one["id"]: Person(**one) for one in kept["people"]}
        known = {one.name for one in fields(Bubble)}
        self.bubbles.extend(Bubble(**{name: one[name] for name in one.keys() & known}) for one in kept["bubbles"])
        self.urls = {(kind, id): (url, hook) for kind, id, url, hook in kept["urls"]}
        self.flags = {name: value for name, value in kept["flags"].items() if name.rpartition("/")[2] not in _PASSING}
        self._number = max(self._number, kept["number"])
        self.version = kept["version"]

    def open(self, account: Account) -> Account:
        """Somebody has this account from now on."""
        known = self.accounts.get((account.kind, account.id))
        if known is None:
            url, hook = self.urls.get((account.kind, account.id), ("", {}))
            account.url, account.hook = account.url or url, account.hook or hook
            self.accounts[account.kind, account.id] = known = account
        else:
            known.settings, known.secrets, known.url = account.settings, account.secrets, account.url or known.url
            known.hook |= account.hook
        self.touch()
        return known
