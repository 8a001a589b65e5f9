"""From one event of another system to one message: a mapping of JSONata expressions, and what may come of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain import identities
from chalicelib.domain.message import MAX_TEXT_BYTES, Content
from chalicelib.sources.expressions import Gave

MOST_ID, MOST_TYPE, MOST_NAME, MOST_CONVERSATION = 200, 100, 200, 200
"""Characters."""
MOST_PAYLOAD = 8 * 1024
"""Bytes of JSON of the event that are kept with its message."""
AHEAD_MS = 86_400_000
"""How far ahead of our clock an event may stand: clocks differ, and some systems know no time zones."""
_SECONDS_BELOW = 100_000_000_000
"""A smaller number is seconds (until the year 5138), a larger one milliseconds (from 1973 on)."""
_MOST_CUT = 50
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEW_EACH_TIME = re.compile(r"\$(now|millis|random|shuffle)\b")
CONTACT = ("email", "phone", "external_id", "name")

Errors = list[tuple[str, str]]
"""(JSON pointer within the mapping, sentence)."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What an event says."""

    id: str
    """The event's own."""
    sent_at: int | None
    """Milliseconds since the epoch; None where the mapping gives no time."""
    content: Content
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) normalised, in the order in which a person is looked for; none: nobody is known."""
    name: str = ""
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading one event: `mapped`, or what is wrong as (JSON pointer within the mapping, sentence)."""

    mapped: Mapped | None = None
    errors: Errors = field(default_factory=list)


def expressions_of(mapping: Mapping[str, Any]) -> dict[str, str]:
    """JSON pointer within the mapping -> expression, of all that are given."""
    named = {f"/{name}": mapping.get(name) for name in ("id", "sent_at", "text", "type", "conversation")}
    contact = mapping.get("contact") or {}
    named |= {f"/contact/{name}": contact.get(name) for name in CONTACT}
    return {path: text for path, text in named.items() if text is not None}


def problems(mapping: Mapping[str, Any], found: Mapping[str, str]) -> Errors:
    """(JSON pointer within the mapping, message with the position) of each expression that cannot be used.

    `found` is what `expressions.problem` says of each.
    """
    wrong = [(path, why) for path, why in found.items() if why]
    if (new := _NEW_EACH_TIME.search(str(mapping.get("id") or ""))) and not found.get("/id"):
        at = new.start() + 1
        wrong.append(("/id", f"position {at}: {new[0]} makes another id each time, so a repeat could not be told"))
    return wrong


def read(event: dict[str, Any], gave: Gave, *, system: str, country: str, now_ms: int) -> Read:
    """What an event says, by what the expressions of a mapping gave over it.

    `system` goes before external ids, which are unique within their system alone; `country` is how a national phone
    number is read. Never raises, whatever the event: what is wrong is in `errors`.
    """
    wrong = list(gave.wrong)
    facts = _Facts(gave.given, wrong)
    id = facts.word("/id", MOST_ID)
    if not id and not facts.is_wrong("/id"):
        wrong.append(("/id", "gives nothing: an event needs an id of its own, so that a repeat can be told"))
    said = facts.word("/text", 0)
    if len(said.encode()) > MAX_TEXT_BYTES:
        wrong.append(("/text", f"gives more than {MAX_TEXT_BYTES} bytes"))
    type = facts.word("/type", MOST_TYPE)
    sent_at = facts.time("/sent_at", now_ms)
    conversation = facts.word("/conversation", MOST_CONVERSATION)
    if _CONTROL.search(conversation):
        wrong.append(("/conversation", "gives a text with control characters"))
    name = facts.word("/contact/name", MOST_NAME)
    if "\ufffd" in name:
        wrong.append(("/contact/name", "gives U+FFFD, which stands for a letter that was lost on its way here"))
    person = _identities(facts, system=system, country=country)
    if wrong:
        return Read(errors=sorted(wrong))
    content = Content(type="event", text=said, details=_details(type, event))
    return Read(Mapped(id, sent_at, content, person, name, conversation))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the expressions gave; what is wrong with it is gathered."""

    given: dict[str, Any]
    wrong: Errors

    def is_wrong(self, path: str) -> bool:
        return any(at == path for at, _ in self.wrong)

    def word(self, path: str, most: int) -> str:
        """A text, or a number as JSON spells it; empty where it gives nothing or is wrong."""
        value = self.given.get(path)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            kind = {bool: "true or false", dict: "an object", list: "a list"}[type(value)]
            self.wrong.append((path, f"gives {kind}; must be a text or a number"))
            return ""
        text = value.strip() if isinstance(value, str) else json.dumps(value)
        if most and len(text) > most:
            self.wrong.append((path, f"gives more than {most} characters"))
            return ""
        return text

    def time(self, path: str, now_ms: int) -> int | None:
        """Milliseconds since the epoch, of RFC 3339 text or of seconds or milliseconds."""
        value = self.given.get(path)
        if value is None or value == "":
            return None
        at, why = _milliseconds(value)
        if not why and not 0 <= at <= now_ms + AHEAD_MS:
            why = "must lie between 1970 and a day from now"
        if why:
            self.wrong.append((path, f"{why}, but gives {json.dumps(value, ensure_ascii=False)[:60]}"))
            return None
        return at


def _milliseconds(value: Any) -> tuple[int, str]:
    """(milliseconds since the epoch, what is wrong)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value.strip()):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (round(value * 1000) if abs(value) < _SECONDS_BELOW else math.floor(value)), ""
    try:
        at = datetime.fromisoformat(value.strip())
    except (ValueError, AttributeError):
        return 0, "must be RFC 3339 or seconds or milliseconds since 1970"
    if at.tzinfo is None:
        return 0, "must say its time zone (2026-11-21T10:00:00Z)"
    return round((at - _EPOCH).total_seconds() * 1000), ""


def _identities(facts: _Facts, *, system: str, country: str) -> tuple[tuple[str, str], ...]:
    known = {name: facts.word(f"/contact/{name}", 0) for name in ("email", "phone", "external_id")}
    if known["external_id"]:
        # Customer 17 of the shop is not customer 17 of the help desk.
        known["external_id"] = f"{system}:{known['external_id']}"
    try:
        return tuple(identities.keys_of(known, country))
    except identities.WrongIdentities as error:
        facts.wrong.extend((f"/contact/{name}", why) for name, why in error.errors)
        return ()


def _details(type: str, event: dict[str, Any]) -> dict[str, Any]:
    """What is kept beside the text: the event's type as `name`, the event, and what of it was left out."""
    kept, cut = _cut(event)
    details: dict[str, Any] = {"name": type} if type else {}
    return details | {"payload": kept} | ({"cut": cut} if cut else {})


def _cut(event: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(the event without its largest members, so that it fits; JSON pointers of those)."""
    if _bytes(event) <= MOST_PAYLOAD:
        return event, []
    sizes = {name: _bytes({name: value}) for name, value in event.items()}
    kept, size = set(), 0
    for name in sorted(sizes, key=lambda name: (sizes[name], name)):
        if size + sizes[name] > MOST_PAYLOAD:
            break
        kept.add(name)
        size += sizes[name]
    cut = [f"/{name[:100].replace('~', '~0').replace('/', '~1')}" for name in event if name not in kept]
    return {name: value for name, value in event.items() if name in kept}, cut[:_MOST_CUT]


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
