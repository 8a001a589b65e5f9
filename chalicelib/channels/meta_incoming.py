"""What a notification of Messenger or Instagram holds: messages, receipts, and kinds that are passed over.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events and
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks

Nothing here raises: a field that is missing or of another type counts as empty, because a message that cannot be read
must not stop those beside it. What somebody said in a kind that is not known is told as `unsupported`; a notice of
another kind is `Ignored` with its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.channels.contract import Changed, Channel, Consent, Event, Happened, Ignored, Said, Status
from chalicelib.channels.meta import inside, read_own
from chalicelib.channels.meta_contents import content_of, postback_of, referral_of
from chalicelib.channels.meta_kind import Kind
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.consent import MARKETING
from chalicelib.domain.message import DELIVERED, READ, SENT
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

MARK = "parley:"
"""How the `metadata` of what we sent begins; behind it is which delivery it is."""
STATES = {"echo": SENT, "delivery": DELIVERED, "read": READ}
PASSED = (
    "account_linking", "policy_enforcement", "pass_thread_control", "take_thread_control", "request_thread_control",
    "app_roles", "game_play", "messaging_feedback", "message_context", "payment", "pre_checkout", "checkout_update",
)  # fmt: skip
"""Known, and nothing that a thread is told of."""
SIGNS = {
    "smile": "😆", "laugh": "😆", "angry": "😠", "sad": "😢", "wow": "😮", "love": "❤", "like": "👍", "dislike": "👎",
}  # fmt: skip
"""Of a reaction that comes by its name alone:
.../messenger-platform/webhooks/webhook-events/message-reactions"""
NOTIFICATIONS = "notification_messages"
_STOPPED = "STOP"
_SECONDS = 10**11
"""A time below it is in seconds."""


@dataclass(frozen=True, slots=True)
class _About:
    """Who an event is about, and when it was."""

    address: str
    at_ms: int
    stamp: str
    """The time as Meta writes it: what names an event that has no id. Empty where there is none."""
    echo: bool = False
    perhaps_ours: bool = False
    """Of an echo: nothing says that it is not of what we sent."""

    def id(self, what: str, about: str = "") -> str:
        """An id of the event's own: nobody does the same to the same message twice in a millisecond."""
        return ".".join(one for one in (what, self.stamp, about) if one)[:MAX_ID] if self.stamp else ""


def events(given: Any, kind: Kind, channel: Channel, now_ms: int) -> Iterator[Event]:
    """All that a notification holds for the Page or account, in its order."""
    entries = dicts(given.get("entry")) if isinstance(given, dict) else []
    if not entries:
        yield Ignored("notification without entries")
    elif (about := word(given.get("object"))[:64]) != kind.object:
        # One app has one webhook for all that it is subscribed to.
        yield Ignored(f"object {about}")
    else:
        for entry in entries:
            yield from _entry(entry, kind, kind.own_id(channel), now_ms)


def _entry(entry: dict[str, Any], kind: Kind, own: str, now_ms: int) -> Iterator[Event]:
    at = word(entry.get("id"))[:64]
    if at != own[:64]:
        yield Ignored(f"another {kind.object}: {at}")
        return
    for item in dicts(entry.get("messaging")):
        yield from _item(item, kind, own, now_ms)
    for item in dicts(entry.get("standby")):
        # Another app has the thread, and answers.
        yield Ignored(f"standby {_name_of(item) or ''}".strip())
    for change in dicts(entry.get("changes")):
        # What is said in public: comments, mentions.
        yield Ignored(f"field {word(change.get('field'))[:64]}")


def _name_of(item: dict[str, Any]) -> str | None:
    return next((name for name in (*READERS, *PASSED) if name in item), None)


def _item(item: dict[str, Any], kind: Kind, own: str, now_ms: int) -> Iterator[Event]:
    sender, recipient = _party(item, "sender"), _party(item, "recipient")
    if in_a_group(item, sender, recipient):
        yield Ignored(GROUP)
        return
    name = _name_of(item)
    if name is None:
        rest = sorted(item.keys() - {"sender", "recipient", "timestamp"})
        yield Ignored(f"unknown event: {', '.join(rest)}"[:200])
        return
    value = inside(item, name)
    if name in PASSED or not value:
        yield Ignored(name)
        return
    echo = name == "message" and value.get("is_echo") is True
    address = recipient if echo else sender
    if not 0 < len(address) <= MAX_ID or address == own:
        # As an opt-in of somebody who has not written yet, or what a Page does to itself.
        yield Ignored(f"{name} of nobody")
        return
    stamp = word(item.get("timestamp"))
    at_ms = _time(stamp, now_ms)
    about = _About(address, at_ms or now_ms, stamp[:20] if at_ms else "", echo, echo and not kind.metadata)
    yield from READERS[name](value, about, now_ms)


def _party(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return word(value.get("id")) if isinstance(value, dict) else word(value)


def _message(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    mid = word(value.get("mid"))[:MAX_ID]
    mark = word(value.get("metadata"))[:MAX_ID]
    if value.get("is_deleted") is True:
        yield _changed("deleted", mid, about, about.id("deleted", mid))
    elif about.echo and mark.startswith(MARK):
        # We know what we said, and now that it went out: also where the answer to our call is not there yet, or lost.
        own, part = read_own(mark.removeprefix(MARK))
        yield Status(mid, STATES["echo"], about.at_ms, about.address, own_id=own, part=part)
    else:
        content, ours = content_of(value), about.perhaps_ours
        yield Said(about.address, mid, content, about.at_ms, repeatable=bool(mid), echo=about.echo, perhaps_ours=ours)


def _changed(kind: str, mid: str, about: _About, id: str, text: str = "") -> Event:
    if not mid:
        return Ignored(f"{kind} of no message")
    return Changed(about.address, kind, mid, about.at_ms, id, text, about.echo)


def _edit(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    mid, text = word(value.get("mid"))[:MAX_ID], content_of({"text": value.get("text")})
    if text.type != "text":
        yield Ignored("message_edit without a text")
        return
    yield _changed("edited", mid, about, about.id(f"edit.{word(value.get('num_edit'))[:8]}", mid), text.text)


def _reaction(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    mid, name = word(value.get("mid"))[:MAX_ID], word(value.get("reaction"))[:64]
    sign = word(value.get("emoji"))[:64] or SIGNS.get(name, name)
    action = word(value.get("action"))[:16]
    yield _changed("reaction", mid, about, about.id(action or "react", mid), "" if action == "unreact" else sign)


def _postback(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    mid = word(value.get("mid"))[:MAX_ID] or about.id("postback")
    content = postback_of(value)
    payload, title = content.details["payload"], content.details["title"]
    if any(re.sub(r"[^a-z]", "", one.lower()) == "getstarted" for one in (payload, title)):
        yield Happened(about.address, "started", about.at_ms, mid, details=content.details)
        return
    yield Said(about.address, mid, content, about.at_ms, repeatable=bool(mid))


def _referral(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    yield Happened(about.address, "referral", about.at_ms, about.id("referral"), details=referral_of(value))


def _optin(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    """Somebody wants to hear from us; of notifications also that they want no more, and then again."""
    kind, status = word(value.get("type"))[:64], word(value.get("notification_messages_status"))[:64]
    if not status:
        details = {name: text for name in ("type", "ref", "payload", "title") if (text := word(value.get(name))[:1024])}
        yield Happened(about.address, "optin", about.at_ms, about.id("optin"), details=details)
    if kind == NOTIFICATIONS:
        given, why = not status.upper().startswith(_STOPPED), status or kind
        yield Consent(about.address, given, about.at_ms, MARKETING, why, about.id("consent"))


def _delivery(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    """The ids may be missing, the time up to which it holds is always there."""
    mids = value.get("mids")
    for mid in mids[:100] if isinstance(mids, list) else ():
        if id := word(mid)[:MAX_ID]:
            yield Status(id, STATES["delivery"], about.at_ms, about.address)
    yield from _until("delivery", value, about, now_ms)


def _read(value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    """Of Messenger up to a time, of Instagram a message."""
    if mid := word(value.get("mid"))[:MAX_ID]:
        yield Status(mid, STATES["read"], about.at_ms, about.address)
        return
    yield from _until("read", value, about, now_ms)


def _until(name: str, value: dict[str, Any], about: _About, now_ms: int) -> Iterator[Event]:
    if until := _time(word(value.get("watermark")), now_ms):
        yield Status("", STATES[name], about.at_ms, about.address, until_ms=until)
    elif not value.get("mids"):
        yield Ignored(f"{name} of nothing")


def _time(text: str, now_ms: int) -> int:
    """Milliseconds, where seconds are seen, too; 0 where it is no time."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        return 0
    given = int(text)
    return min(given if given >= _SECONDS else given * 1000, now_ms)


Reader = Callable[[dict[str, Any], _About, int], Iterator[Event]]
READERS: dict[str, Reader] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "message_edit": _edit,
    "delivery": _delivery,
    "read": _read,
    "referral": _referral,
    "optin": _optin,
}
"""Member of an event that says what it is -> what reads it."""
