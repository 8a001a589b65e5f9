"""The providers, a module for each kind of channel: found by its name, listed nowhere.

A module has:

- `LABEL`, `CHANNEL` (`settings` and `secrets` of the account that is there from the start; where it is comes as
  `api_base`, or as the setting that `WHERE` names), `BASE` (what stands behind the kind's name in that address),
  `DEEDS` (what a person can do there: words of `DEEDS` below), `TELLS` (the states of a message that the provider tells
  of, the last last);
- `opened(channel)`: the account that a channel with these settings and secrets stands for;
- `address(person)`: what the provider calls somebody;
- `answer(asked, world)`: the provider's API, as `Answer`; what is to be posted goes into `world.post`;
- `addressee(asked, world)`: (account, person) that a call sends something to, None where it sends nothing: faults
  are of these calls;
- `refusal(fault, wait_s)`: how it says one of the noes of `faults.ANSWERS`;
- `told(deed, person, account, world)`: what a person does, as it comes to the webhook;
- `receipts(bubble, states, world)`: the webhooks that tell of these states of a message of the business's.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

DEEDS = frozenset({
    "text", "file", "place", "contact", "press", "reply", "edit", "delete", "react", "start", "stop", "resume", "call",
    "dial", "answer", "hangup", "digits", "unsubscribe", "group",
})  # fmt: skip
"""What people do on phones."""
FETCHED_MOST = 25 * 1024 * 1024


class Impossible(ValueError):
    """A person cannot do that there."""


@dataclass(frozen=True)
class Asked:
    """A call of a provider's API."""

    kind: str
    method: str
    path: str
    """Behind the kind's name, with a slash first."""
    query: dict[str, str]
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes
    base: str
    """Where this kind's API is."""
    fetch: Callable[[str], Awaitable[tuple[int, bytes, str]]]
    """Gets a file from its address, as providers do with links: (status, content, type); status 0 without an answer."""

    @property
    def json(self) -> dict[str, Any]:
        """Its body; empty where it is no object."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def form(self) -> dict[str, str]:
        """Its fields, where its body is a form; of several of a name the last."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def bearer(self) -> str:
        """The token that it comes with."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    """What it is answered."""

    status: int
    body: Any
    """Bytes, or what goes as JSON."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deed:
    """What a person does on a phone."""

    do: str
    text: str = ""
    about: str = ""
    """The bubble that it is about, or answers."""
    payload: str = ""
    file: str = ""
    """Id of a file that is kept."""
    details: dict[str, Any] = field(default_factory=dict)


@cache
def names() -> tuple[str, ...]:
    """All kinds that are simulated."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__"))


def load(kind: str) -> Any:
    """The module of a kind; KeyError where there is none."""
    if kind not in names():
        raise KeyError(kind)
    module: ModuleType = import_module(f"{__name__}.{kind}")
    return module


def family(type: str) -> str:
    """image, audio, video or file."""
    first = type.partition("/")[0]
    return first if first in ("image", "audio", "video") else "file"
