"""Table `inbox`: what people at console desks have before them, a row for each chat, beside its desk's others.

Who was mentioned in a note and has not looked since has a row of their own among them, by which their list is one
query, and stands in the chat's.

`announce` makes the rows from those of threads, and a row is never older than the thread's version that it names: what
comes twice, late or in pieces changes nothing. Who claims a chat, and how far it was read, is written by the API into
members that `announce` leaves as they are. Rows of closed chats are in no index, hold nobody's name, address or words,
and end by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.writes import deleted, same_by_whomever, updated

QUEUE, AGENT, SNOOZED, MENTION = "q#", "a#", "s#", "m#"
"""What places begin with: of chats that nobody has, of an agent's, of those that are put aside; and of rows that are no
chats, but say who was mentioned in one."""
CLAIM_MS = 60_000
"""A claim whose event has not come to anything in this time is void."""
KEEP_CLOSED_S = 30 * 86_400
"""Longer than a change of its thread can be told again: a failure is replayed within 14 days."""


class ByPlace(GlobalSecondaryIndex["InboxRow"]):
    """Open chats of a desk by their place: in the queue, with an agent, put aside."""

    class Meta:
        index_name = "by_place"
        projection = AllProjection()

    desk = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)


class InboxRow(Model):
    """A chat of a console desk."""

    class Meta:
        table_name = settings().table("inbox")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    desk = UnicodeAttribute(hash_key=True)
    conversation = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    """The thread's, as of which `data` is."""
    touched = NumberAttribute(null=True)
    """How often the row was claimed or read since: with `version`, how often it has changed."""
    place = UnicodeAttribute(null=True)
    """Absent once it is closed: then it is in no list."""
    agent = UnicodeAttribute(null=True)
    """Id of who has it."""
    data = PlainAttribute(null=True)
    """`Shown` as plain data."""
    seen = NumberAttribute(null=True)
    """Number of the last message that somebody has read."""
    mentioned = UnicodeSetAttribute(null=True)
    """Ids of people who were mentioned in it and have not looked since."""
    claimed_by = PlainAttribute(null=True)
    """id and name of who takes it, until the thread shows it."""
    claimed_at = NumberAttribute(null=True)
    changed_at = NumberAttribute()
    """In milliseconds, as `claimed_at`."""
    expires = NumberAttribute(null=True)
    """TTL of a closed one, in seconds since the epoch."""

    by_place = ByPlace()


@dataclass(frozen=True, slots=True)
class Shown:
    """What the inbox shows of a chat; times in milliseconds."""

    state: str
    opened: int
    channel: str
    channel_kind: str
    address: str = ""
    contact: dict[str, str] = field(default_factory=dict)
    """id and name."""
    agent: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    outcome: str = ""
    waiting: int = 0
    due: int = 0
    snoozed: int = 0
    unread: tuple[int, ...] = ()
    """Numbers of what the customer said and nobody has answered."""
    last: dict[str, Any] = field(default_factory=dict)
    """text, by, at."""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        data = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        return data | ({"unread": list(self.unread)} if self.unread else {})


def place_of(shown: Shown, conversation: str) -> str:
    """Where an open chat stands in its desk's list: who has it, then whether somebody waits, then since when."""
    if shown.snoozed:
        return f"{SNOOZED}{shown.snoozed:013d}#{conversation}"
    waits = shown.due or shown.waiting
    at = f"1{waits:013d}" if waits else f"2{shown.opened:013d}"
    return f"{AGENT}{shown.agent['id']}#{at}#{conversation}" if taken(shown) else f"{QUEUE}{at}#{conversation}"


def taken(shown: Shown) -> bool:
    """Whether a person has it."""
    return bool(shown.agent.get("id"))


def observe(desk: str, conversation: str, shown: Shown, *, version: int, now_ms: int) -> InboxRow | None:
    """Show an open chat as of a version of its thread; the row, or None where that or a later one is shown already."""
    actions = [
        *_as_of(shown, version, now_ms),
        InboxRow.place.set(place_of(shown, conversation)),
        *([InboxRow.agent.set(shown.agent["id"]), *_no_claim()] if taken(shown) else [InboxRow.agent.remove()]),
    ]
    return _later(desk, conversation, actions, version)


def observe_closed(desk: str, conversation: str, shown: Shown, *, version: int, now_ms: int) -> InboxRow | None:
    """As `observe`, of a chat that is closed."""
    actions = [
        *_as_of(shown, version, now_ms),
        InboxRow.expires.set(now_ms // 1000 + KEEP_CLOSED_S),
        *(one.remove() for one in (InboxRow.place, InboxRow.agent, InboxRow.seen, InboxRow.mentioned)),
        *_no_claim(),
    ]
    return _later(desk, conversation, actions, version)


def _as_of(shown: Shown, version: int, now_ms: int) -> list[Action]:
    return [InboxRow.version.set(version), InboxRow.data.set(shown.plain()), InboxRow.changed_at.set(now_ms)]


def _no_claim() -> list[Action]:
    return [InboxRow.claimed_by.remove(), InboxRow.claimed_at.remove()]


def _later(desk: str, conversation: str, actions: list[Action], version: int) -> InboxRow | None:
    row, older = InboxRow(desk, conversation), InboxRow.version.does_not_exist() | (InboxRow.version < version)
    # Whoever has shown this version has shown the same.
    return row if updated(row, actions, older, ours=same_by_whomever) else None


def get(desk: str, conversation: str) -> InboxRow | None:
    """A chat's row, read consistently."""
    try:
        return InboxRow.get(desk, conversation, consistent_read=True)
    except InboxRow.DoesNotExist:
        return None


def claim(desk: str, conversation: str, who: dict[str, str], *, now_ms: int) -> InboxRow | None:
    """Keep a chat for a person until its thread shows that they have it; the row, or None where another was first.

    The same person's claim again is the same one, made anew.
    """
    row = InboxRow(desk, conversation)
    mine = (InboxRow.claimed_at.does_not_exist()) | (InboxRow.claimed_at <= now_ms - CLAIM_MS)
    mine |= InboxRow.claimed_by["id"] == who["id"]
    free = (InboxRow.agent.does_not_exist()) | (InboxRow.agent == who["id"])
    actions = [InboxRow.claimed_by.set(who), InboxRow.claimed_at.set(now_ms), *_touch(now_ms)]
    # A call that is made again finds its own claim, and may make it again.
    return row if updated(row, actions, mine & free & InboxRow.place.exists(), ours=same_by_whomever) else None


def see(desk: str, conversation: str, seq: int, *, now_ms: int) -> InboxRow | None:
    """Note that an open chat was read up to a message's number; the row, or None where that is known."""
    further = InboxRow.seen.does_not_exist() | (InboxRow.seen < seq)
    row, actions = InboxRow(desk, conversation), [InboxRow.seen.set(seq), *_touch(now_ms)]
    return row if updated(row, actions, further & InboxRow.place.exists(), ours=same_by_whomever) else None


def mention(desk: str, conversation: str, people: set[str], *, at_ms: int, now_ms: int) -> InboxRow | None:
    """Note for people that a note at a time is to reach them; the chat's row, or None where it shows no open chat.

    Their own rows first: cut off before the chat's, they find it in their list, and looking takes away both.
    """
    for person in sorted(people):
        place = f"{MENTION}{person}#{at_ms:013d}#{conversation}"
        expires = now_ms // 1000 + KEEP_CLOSED_S
        InboxRow(desk, _mention(person, conversation), place=place, changed_at=at_ms, expires=expires).save()
    row, actions = InboxRow(desk, conversation), [InboxRow.mentioned.add(people), *_touch(now_ms)]
    return row if updated(row, actions, InboxRow.place.exists(), ours=same_by_whomever) else None


def looked(desk: str, conversation: str, person: str, *, upto_ms: int, now_ms: int) -> InboxRow | None:
    """Note that somebody has seen all notes up to a time; the chat's row, or None where they were mentioned since, or
    not at all."""
    before = InboxRow.changed_at.does_not_exist() | (InboxRow.changed_at <= upto_ms)
    if not deleted(InboxRow(desk, _mention(person, conversation)), before, ours=same_by_whomever):
        return None
    row, actions = InboxRow(desk, conversation), [InboxRow.mentioned.delete({person}), *_touch(now_ms)]
    there = InboxRow.place.exists() & InboxRow.mentioned.contains(person)
    return row if updated(row, actions, there, ours=same_by_whomever) else None


def mentioned_in(row: InboxRow) -> str:
    """The conversation of a row that says who was mentioned."""
    return str(row.conversation).rpartition("#")[2]


def _mention(person: str, conversation: str) -> str:
    return f"mention#{person}#{conversation}"


def _touch(now_ms: int) -> list[Action]:
    return [InboxRow.touched.add(1), InboxRow.changed_at.set(now_ms)]


def shown_version(row: InboxRow) -> int:
    """How often a row has changed, whoever changed it: what readers tell its states apart by."""
    return int(row.version or 0) + int(row.touched or 0)


def claimed(row: InboxRow, *, now_ms: int) -> dict[str, str]:
    """Who takes the chat right now; {} where nobody does."""
    fresh = row.claimed_by and int(row.claimed_at or 0) > now_ms - CLAIM_MS
    return dict(row.claimed_by) if fresh else {}


def listed(desk: str, begins: str, *, after: str, page: int) -> Iterator[InboxRow]:
    """Open chats of a desk whose places begin so, in their order, those behind a place; read in pages of so many."""
    condition: Condition | None = InboxRow.place.startswith(begins) if begins else None
    if after:
        # No place begins with a sign beyond this one.
        end = f"{begins}\U0010ffff" if begins else "\U0010ffff"
        if after >= end:
            return
        condition = InboxRow.place.between(max(after, begins) + "\0", end)
    yield from InboxRow.by_place.query(desk, condition, page_size=page)
