"""Table `receipts`: what was already done, for as long as somebody may ask for it again.

Rows of eleven kinds share the key: events that outsiders may repeat (`event#...`), where a source's event was kept
first (`source#...`), messages by the id that their provider gave them (`sent#...`), what a bot or desk posted under an
Idempotency-Key (`post#...`), which event of a trigger such a key got (`trigger#...`), sessions of web chats that
have begun (`session#...`), counts of what strangers do (`posts#...`, `new#...`, `waits#...`), how fast channels are
sent to (`rate#...`, tables/rates.py), when customers were shown that somebody writes or reads (`typing#...`,
`seen#...`), the last call with who calls (`call#...`, tables/phone_calls.py), and the API's own such keys (written by
Powertools).
"""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.writes import same_by_whomever, saved, updated

KEEP_S = 8 * 86_400
"""Providers repeat webhooks for up to seven days (WhatsApp); a day more is for clocks and queues."""

KEEP_KEY_S = 86_400
KEEP_SOURCE_S = 400 * 86_400
"""A source's history is imported again after months; a year and a month is longer than any habit of reporting."""


class Receipt(Model):
    """One thing that was done."""

    class Meta:
        table_name = settings().table("receipts")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    id = UnicodeAttribute(hash_key=True)
    thread = UnicodeAttribute(null=True)
    seq = NumberAttribute(null=True)
    digest = UnicodeAttribute(null=True)
    """Of what was posted under a key."""
    address = UnicodeAttribute(null=True)
    """Of a source's event: where it stands."""
    event = UnicodeAttribute(null=True)
    """Of a trigger's key: id of the event that it got."""
    part = BooleanAttribute(null=True)
    """Of a provider's id: it is that of a part of the message, not of its last."""
    times = NumberAttribute(null=True)
    """Of a count."""
    free_at = NumberAttribute(null=True)
    """Of a rate: when the next place is; of what is done once in a time: when again. Milliseconds since the epoch."""
    call = UnicodeAttribute(null=True)
    """Of a thread's last call: the provider's id of it."""
    began_at = NumberAttribute(null=True)
    heard_at = NumberAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    """Of that: when it began, was last heard of, and ended. Milliseconds since the epoch."""
    expiration = NumberAttribute(null=True)
    """TTL, in seconds since the epoch."""


def event_key(thread: str, event: str) -> str:
    """Id of the receipt of an event."""
    return f"event#{thread}#{event}"


def keep_event(thread: str, event: str, *, now_ms: int, keep_s: int = KEEP_S) -> None:
    """Remember that an event was done."""
    Receipt(event_key(thread, event), thread=thread, expiration=now_ms // 1000 + keep_s).save()


def place_source_event(event: str, *, address: str, sent_at: int, now_ms: int) -> tuple[str, int]:
    """(address, time in milliseconds) of a source's event: those given where it is new, else those it had first."""
    row = Receipt(f"source#{event}", address=address, seq=sent_at, expiration=now_ms // 1000 + KEEP_SOURCE_S)
    if not saved(row, Receipt.id.does_not_exist(), ours=same_by_whomever):
        row = Receipt.get(row.id, consistent_read=True)
    return str(row.address), int(row.seq or 0)


def keep_sent(channel: str, provider_id: str, *, thread: str, seq: int, now_ms: int, part: bool = False) -> None:
    """Remember which message a provider means by its id; `part`: one of several that it went out as, not the last."""
    row = Receipt(f"sent#{channel}#{provider_id}", thread=thread, seq=seq, expiration=now_ms // 1000 + KEEP_S)
    row.part = part or None
    row.save()


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What a provider means by its id: a message of ours, or a part of it that is not the last."""

    thread: str
    seq: int
    part: bool = False
    """Its failure is the message's; that it was delivered or read says nothing of the message."""


def find_sent(channel: str, provider_id: str) -> SentMessage | None:
    """The message that a provider knows by `provider_id`."""
    try:
        row = Receipt.get(f"sent#{channel}#{provider_id}", consistent_read=True)
    except Receipt.DoesNotExist:
        return None
    return SentMessage(str(row.thread), int(row.seq or 0), bool(row.part))


def has_event(thread: str, event: str) -> bool:
    """Whether an event was done."""
    try:
        Receipt.get(event_key(thread, event), consistent_read=True)
    except Receipt.DoesNotExist:
        return False
    return True


def keep_session(thread: str, *, now_ms: int) -> None:
    """Remember that a session has begun, until its thread says so."""
    Receipt(f"session#{thread}", expiration=now_ms // 1000 + KEEP_KEY_S).save()


def has_session(thread: str) -> bool:
    """Whether a session has begun within a day."""
    try:
        Receipt.get(f"session#{thread}", consistent_read=True)
    except Receipt.DoesNotExist:
        return False
    return True


def count(what: str, *, now_ms: int, keep_s: int, by: int = 1) -> int:
    """How often something was counted, this time with it. Counted twice where the answer to the first is lost."""
    row = Receipt(what)
    row.update(actions=[Receipt.times.add(by), Receipt.expiration.set(now_ms // 1000 + keep_s)])
    return int(row.times or 0)


def first_in(what: str, *, for_ms: int, now_ms: int) -> bool:
    """Whether something that is done once in a time is done by this call."""
    actions = [Receipt.free_at.set(now_ms + for_ms), Receipt.expiration.set((now_ms + for_ms) // 1000 + 60)]
    free = Receipt.free_at.does_not_exist() | (Receipt.free_at <= now_ms)
    # Where the answer is lost it is done once less.
    return updated(Receipt(what), actions, free, ours=same_by_whomever)


def claim(party: str, key: str, digest: str, *, now_ms: int) -> bool:
    """Whether a party may post this under its key: for a day the key stands for what was posted with it first."""
    now_s = now_ms // 1000
    row = Receipt(f"post#{party}#{key}", digest=digest, expiration=now_s + KEEP_KEY_S)
    # TTL removes rows late, so an old one is also taken over.
    free = Receipt.id.does_not_exist() | (Receipt.digest == digest) | (Receipt.expiration < now_s)
    # The same under the key is free anyhow, so a repeat passes.
    return saved(row, free, ours=same_by_whomever)


def event_of_key(trigger: str, key: str, digest: str, event: str, *, now_ms: int) -> str | None:
    """Id of the event that a trigger's key stands for: this one where the key is new or older than a day, else that
    which it got first; None where that was another body."""
    now_s, id = now_ms // 1000, f"trigger#{trigger}#{key}"
    row = Receipt(id, digest=digest, event=event, expiration=now_s + KEEP_KEY_S)
    if not saved(row, Receipt.id.does_not_exist() | (Receipt.expiration < now_s), ours=same_by_whomever):
        first = Receipt.get(id, consistent_read=True)
        return str(first.event) if first.digest == digest else None
    return event
