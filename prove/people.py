"""Customers and a business system: each says numbered texts, one after the other, and never gives up."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prove.ends import PERSON
from prove.place import Place

CHAT, OWN, HANDED, TRIGGER = "chat", "own", "handed", "trigger"
SCRIPT = ("says 1", PERSON, "asks 3", "says 4")
"""Of who is handed over: the bot answers, hands over, the desk answers and closes, the bot answers."""


@dataclass
class Person:
    """Somebody who writes; `name` opens each of their texts."""

    name: str
    kind: str
    place: Place
    said: list[str] = field(default_factory=list)
    at: dict[str, float] = field(default_factory=dict)
    """Text -> when they began to say it."""
    session: str = ""
    trouble: str = ""

    def says(self, what: str) -> str:
        """Say something; returns once it is taken."""
        text = f"{self.name} {what}"
        self.at[text] = time.monotonic()
        if self.kind == OWN:
            self.place.gateway(self.name, text)
        elif self.kind == TRIGGER:
            self.place.fires(self.name, text)
        else:
            self.session = self.place.chats(text, self.session)
        self.said.append(text)
        return text

    @property
    def bot(self) -> str:
        """Whose bot hears them."""
        return "own" if self.kind == OWN else "chat"

    def seen(self) -> list[str]:
        """What reached them."""
        if self.kind == OWN:
            return list(self.place.provider.texts[self.name])
        return self.place.shown(self.session) if self.session else []

    def expected(self) -> list[str] | None:
        """What has to have reached them, in order; None where nobody looks, or who did not get so far."""
        if self.kind == TRIGGER:
            return None
        if self.kind == HANDED:
            if len(self.said) < len(SCRIPT):
                return None
            first, _, asked, last = self.said
            return [f"re {first}", "agent says hello", f"agent re {asked}", f"re {last}"]
        return [f"re {text}" for text in self.said]


def talk(person: Person, until: float, pause_s: float, dice: random.Random) -> None:
    """Speak until the time is over; somebody who is handed over has a script of four lines."""
    try:
        if person.kind == HANDED:
            _handed_over(person)
            return
        number = 0
        while time.monotonic() < until:
            number += 1
            person.says(f"says {number}")
            time.sleep(pause_s * dice.uniform(0.5, 1.5))
    except Exception as error:
        person.trouble = f"{type(error).__name__}: {error}"


def _handed_over(person: Person) -> None:
    first, handed, desks, last = SCRIPT
    person.says(first)
    _wait(lambda: len(person.seen()) >= 1, "the bot's answer")
    person.says(handed)
    _wait(lambda: "agent says hello" in person.seen(), "the agent")
    asked = person.says(desks)
    _wait(lambda: f"agent re {asked}" in person.seen(), "the agent's answer")
    _wait(lambda: person.name in person.place.closed, "the end of the desk's conversation")
    person.says(last)


def _wait(check: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 240
    while not check():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.5)


def start(people: list[Person], seconds: float, pause_s: float, seed: int) -> list[threading.Thread]:
    """Have all of them speak at once, each by dice of their own."""
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=talk, args=(one, until, pause_s, random.Random(f"{seed} {one.name}")), daemon=True)
        for one in people
    ]
    for thread in threads:
        thread.start()
    return threads
