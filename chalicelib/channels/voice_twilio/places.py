"""Where a call goes next, and what has to be known there: it stands in the address that Twilio is given, and is signed
by it. So the same request again does the same, and nothing of a call is kept by us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels.contract import Channel

GATHER, ANSWERED, STATUS, DIALLED, RECORDED, RECORDING = "gather", "answered", "status", "dialled", "recorded", "file"
"""What a request to the webhook tells (`do`); without one that a call begins."""
UNHEARD = frozenset({STATUS, RECORDING})
"""Those whose answer nobody hears."""
_MOST = 10


@dataclass(frozen=True, slots=True)
class Place:
    """How far a call has come."""

    n: int = 0
    """How often its caller was listened to."""
    after: int = -1
    """Number of the last message that was spoken; -1 where it has to be found out, by one of the next two."""
    about: str = ""
    own: str = ""
    since: int = -1
    """`after` before that."""
    waited: int = 0
    """Seconds."""
    missed: int = 0
    """How often running nothing was understood."""
    why: str = ""
    """Of what is said again: silence, unclear, none."""
    seq: int = 0
    """The message whose choices were spoken, and how many they are."""
    choices: int = 0
    dialled: int = 0
    """1: the call was put through, and came back."""
    leave: int = 0
    """1: a machine listens: what there is to say is said, and that is all."""


def webhook(channel: Channel, do: str, place: Place, **more: str) -> str:
    """An address of the webhook."""
    return _url(channel.webhook_url, {"do": do} | _told(place) | more)


def call(channel: Channel, place: Place) -> str:
    """The address where a call waits for what is said."""
    return _url(channel.webhook_url.removesuffix("/webhook") + "/call", _told(place))


def read(query: Mapping[str, str]) -> Place:
    """The place that an address says; a number that is none counts as not said."""
    found: dict[str, Any] = {}
    for one in fields(Place):
        given = query.get(one.name, "")
        if one.name in ("about", "own", "why"):
            found[one.name] = given[:512]
        elif given.isascii() and given.isdecimal() and len(given) <= _MOST:
            found[one.name] = int(given)
    return Place(**found)


def _told(place: Place) -> dict[str, str]:
    told = {one.name: getattr(place, one.name) for one in fields(Place)}
    return {name: str(value) for name, value in told.items() if value != getattr(_NOWHERE, name)}


_NOWHERE = Place()


def _url(base: str, query: Mapping[str, str]) -> str:
    return f"{base}?{urlencode(query)}" if query else base
