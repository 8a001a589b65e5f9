"""What Twilio tells of messages, whichever network they go over: what came in, and what became of what went out.

https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks. Both come to one URL. New
fields come without notice; nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlencode

from chalicelib.channels import twilio, twilio_errors, twilio_media
from chalicelib.channels.contract import (
    Channel,
    Consent,
    Denied,
    Event,
    Ignored,
    Received,
    Request,
    Response,
    Said,
    Status,
)
from chalicelib.channels.wire import GROUP, at_most, in_a_group
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT, Content, Media
from chalicelib.wire.fields import MAX_ID

STATUSES = {
    "sent": SENT,
    "delivered": DELIVERED,
    "read": READ,
    "undelivered": FAILED,
    "failed": FAILED,
    "canceled": FAILED,
}
BEFORE = ("accepted", "scheduled", "queued", "sending", "partially_delivered")
"""Words of a status that say nothing yet of the message."""
_COMES = ("", "received", "receiving")
"""Of what came in: some of it says that it is there, and none of it what became of it."""
_MOST_FILES = 10
_MOST_WHY = 200
_FAMILIES = ("image", "audio", "video")
UNSUPPORTED = "unsupported"

Told = Mapping[str, str]
"""The fields of a call."""
Reader = Callable[[Told, str, int], Iterable[Event]]
"""What a message says, of (its fields, the address that it came from, now)."""


def taken(request: Request, channel: Channel, prefix: str, read: Reader) -> Received | Denied:
    """Read a call: 401 where it is not Twilio's, else TwiML that has it do nothing. `prefix` stands before addresses
    of the channel's network: none before phone numbers, which SMS go to."""
    if wrong := twilio.denied(request, channel):
        return wrong
    events = tuple(_events(request, twilio.fields(request), prefix, read))
    return Received(events, Response(200, "<Response/>", {"Content-Type": twilio.TWIML}))


def _events(request: Request, told: Told, prefix: str, read: Reader) -> Iterator[Event]:
    state = told.get("MessageStatus") or told.get("SmsStatus", "")
    if state not in _COMES:
        yield from _statuses(request, told, state, prefix)
        return
    sender, to = told.get("From", ""), told.get("To", "")
    address = sender.removeprefix(prefix).strip()
    if in_a_group(told, address, to.removeprefix(prefix)):
        yield Ignored(GROUP)
    elif not address or len(address) > MAX_ID:
        yield Ignored("message without a sender")
    elif network := _another(sender, prefix):
        yield Ignored(f"message over {network}")
    else:
        yield from read(told, address, request.now_ms)


def _another(sender: str, prefix: str) -> str:
    """The network that a message came over, where it is not the channel's: numbers may be told to call one URL."""
    network, _, _ = sender.rpartition(":")
    return (network[:64] or "SMS") if f"{network}:" != (prefix or ":") else ""


def _statuses(request: Request, told: Told, state: str, prefix: str) -> Iterator[Event]:
    """What became of a message, and what its failing says of the person: that they have stopped us."""
    id, error = told.get("MessageSid", "")[:MAX_ID], None
    if state not in STATUSES:
        yield Ignored(f"status {state}" if state in BEFORE else f"unknown status: {state[:64]}")
        return
    if not id:
        yield Ignored("status without an id")
        return
    code = told.get("ErrorCode", "")[:16]
    if STATUSES[state] == FAILED:
        reason = twilio_errors.words(code, told.get("ErrorMessage", ""), told.get("ChannelStatusMessage", ""))
        error = {"code": code or state, "reason": reason or f"Twilio says {state}"}
    address = told.get("To", "").removeprefix(prefix)[:MAX_ID]
    own, part = request.query.get("own", "")[:MAX_ID], bool(request.query.get("part"))
    yield Status(id, STATUSES[state], request.now_ms, address, error, own, part)
    if error and address and twilio_errors.number(code) in twilio_errors.OPTED_OUT:
        why = f"{code}: {error['reason']}"[:_MOST_WHY]
        yield Consent(address, False, request.now_ms, why=why, provider_id=f"{id}.opted_out"[-MAX_ID:], own_id=own)


def status_url(channel: Channel, delivery: str, *, last: bool) -> str:
    """Where Twilio tells what became of a message: the channel's URL with our own id of it. Empty where there is none
    that it could call."""
    own = {"own": delivery} | ({} if last else {"part": "1"})
    return f"{channel.webhook_url}?{urlencode(own)}{twilio.OVERRIDES}" if channel.webhook_url else ""


def said(told: Told, address: str, content: Content, now_ms: int) -> Said:
    """A message of the person's, who is known by the number that it came from."""
    id = told.get("MessageSid", "")[:MAX_ID]
    return Said(address, id, content, now_ms, identities=phones(address), repeatable=bool(id))


def consents(told: Told, address: str, words: Mapping[str, bool], now_ms: int) -> Iterator[Consent]:
    """That the person stops us, or lets us write again: as Twilio says, which does so where the owner has set up words
    of their own (`OptOutType`), else by `words`, which have to be all that is said.

    https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out. Twilio answers those words, so nobody else has to.
    """
    named, body = told.get("OptOutType", "").strip().upper(), told.get("Body", "").strip().upper()
    given = {"STOP": False, "START": True}.get(named) if named else words.get(body)
    if given is not None:
        id = told.get("MessageSid", "")[:MAX_ID]
        yield Consent(
            address, given, now_ms, why=(body or named)[:_MOST_WHY], provider_id=id, identities=phones(address)
        )


def phones(address: str) -> tuple[tuple[str, str], ...]:
    """The person's number as what identifies them; short codes and names that companies send by are nobody's."""
    digits = address.removeprefix("+")
    is_number = address.startswith("+") and digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15
    return (("phone", address),) if is_number else ()


def content_of(told: Told) -> Content:
    """Words and files. Where there are neither it is an event `unsupported`: somebody did say something."""
    (text, cut), media = at_most(told.get("Body", "")), tuple(_files(told))
    details = {"truncated": True} if cut else {}
    if media:
        family = media[0].mime_type.partition("/")[0]
        return Content(family if family in _FAMILIES else "file", text, media, details)
    if not text.strip():
        kind = told.get("MessageType", "")[:64]
        reason = f"message of the type {kind}" if kind else "message without words"
        return Content("event", details={"name": UNSUPPORTED, "reason": reason})
    return Content(text=text, details=details)


def _files(told: Told) -> Iterator[Media]:
    for number in range(_MOST_FILES):
        if url := twilio_media.reference(told.get(f"MediaUrl{number}", "")):
            yield Media(url, told.get(f"MediaContentType{number}", "")[:MAX_ID])
