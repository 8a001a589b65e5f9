"""Table `threads`: the state of each thread, and a row for each of its conversations.

Only `converse` writes here. A thread's row is `item = "thread"`; its conversations are `c<ten digits>`, so one
query reads a thread with all that belongs to it, and the stream can be filtered to conversations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain.thread import DESK, Conversation, Thread, parse_conversation_id
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.writes import saved

THREAD = "thread"
_PAGE = 100


class ByService(GlobalSecondaryIndex["ThreadRow"]):
    """Conversations of a service, by the time they were opened."""

    class Meta:
        index_name = "by_service"
        projection = AllProjection()

    service = UnicodeAttribute(hash_key=True)
    opened = UnicodeAttribute(range_key=True)


class ByFallback(GlobalSecondaryIndex["ThreadRow"]):
    """Threads that a desk holds only because their bot failed: few, and gone when the bot is back."""

    class Meta:
        index_name = "by_fallback"
        projection = KeysOnlyProjection()

    fallback_bot = UnicodeAttribute(hash_key=True)
    thread = UnicodeAttribute(range_key=True)


class ThreadRow(Model):
    """A thread, or one of its conversations."""

    class Meta:
        table_name = settings().table("threads")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    thread = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    """Of a thread's row: raised by every change, so that of two writers one notices."""
    state = PlainAttribute(null=True)
    """`domain.thread.Thread` or `domain.thread.Conversation` as plain data."""
    service = UnicodeAttribute(null=True)
    opened = UnicodeAttribute(null=True)
    fallback_bot = UnicodeAttribute(null=True)

    by_service = ByService()
    by_fallback = ByFallback()


MOST_CONVERSATIONS = 10**10 - 1
"""Of a thread, by the width of its rows' keys."""


def conversation_item(number: int) -> str:
    """Range key of a thread's n-th conversation."""
    return f"c{number:010d}"


def opened_place(opened_at: int, conversation: str) -> str:
    """Where a conversation stands among those of its service, or of its contact."""
    thread, number = parse_conversation_id(conversation) or ("", 0)
    return f"{opened_at:013d}.{thread}.{number:010d}"


def opened(service: str, *, since: int, until: int, before: str = "", most: int) -> Iterator[ThreadRow]:
    """Conversations of a service that were opened within a time (milliseconds), the newest first, from before a place;
    at most so many."""
    # All places of a millisecond begin with it, and `~` sorts behind them.
    last = min(f"{until:013d}~", before) if before else f"{until:013d}~"
    within = ThreadRow.opened.between(f"{since:013d}", last)
    limit = most + bool(before)
    rows = ThreadRow.by_service.query(service, within, scan_index_forward=False, limit=limit, page_size=_PAGE)
    return (row for row in rows if row.opened != before)


def from_row(row: ThreadRow | None) -> Thread | None:
    """The thread that a row holds."""
    return Thread.of(row.state | {"version": int(row.version or 0)}) if row is not None else None


def get(thread: str) -> Thread | None:
    """The thread, read consistently; None before its first message."""
    try:
        return from_row(ThreadRow.get(thread, THREAD, consistent_read=True))
    except ThreadRow.DoesNotExist:
        return None


def get_conversation(thread: str, number: int) -> Conversation | None:
    """One conversation of a thread, read consistently."""
    try:
        row = ThreadRow.get(thread, conversation_item(number), consistent_read=True)
    except ThreadRow.DoesNotExist:
        return None
    return Conversation.of(row.state)


def save(thread: Thread) -> bool:
    """Store a thread that was read at `thread.version`; False where somebody else wrote it meanwhile."""
    row = ThreadRow(
        thread=thread.id,
        item=THREAD,
        version=thread.version + 1,
        state={key: value for key, value in thread.plain().items() if key != "version"},
        fallback_bot=thread.fallback or None,
    )
    seen = ThreadRow.version == thread.version if thread.version else ThreadRow.version.does_not_exist()
    return saved(row, seen, ours=lambda: _stands(row))


def _stands(row: ThreadRow) -> bool:
    """Whether a thread's row is as given: its state names the events that made it, so it is of the same event."""
    standing = get(str(row.thread))
    return standing is not None and from_row(row) == standing


def keep_conversation(conversation: Conversation) -> None:
    """Store a conversation; the same again changes nothing."""
    ThreadRow(
        thread=conversation.thread,
        item=conversation_item(conversation.number),
        service=conversation.service,
        opened=opened_place(conversation.opened_at, conversation.id),
        state=conversation.plain(),
    ).save()


def change_conversation(thread: str, number: int, changes: dict[str, Any]) -> Conversation | None:
    """Change fields of a conversation and give it; doing it twice is doing it once. Converse alone writes, so reading
    is safe."""
    before = get_conversation(thread, number)
    if before is None:
        return None
    after = replace(before, **changes)
    keep_conversation(after)
    return after


def conversations(thread: str) -> list[Conversation]:
    """Every conversation of a thread, the oldest first."""
    rows = ThreadRow.query(thread, ThreadRow.item.startswith("c"), consistent_read=True)
    return [Conversation.of(row.state) for row in rows]


def last_desk(thread: str) -> str:
    """The desk that had a thread's last conversation with people, among its last hundred; empty: none."""
    rows = ThreadRow.query(
        thread, ThreadRow.item.startswith("c"), scan_index_forward=False, limit=100, page_size=25, consistent_read=True
    )
    return next((found.party for row in rows if (found := Conversation.of(row.state)).kind == DESK), "")


def held_for(bot: str) -> Iterator[str]:
    """Threads that a desk holds only because `bot` failed."""
    for row in ThreadRow.by_fallback.query(bot):
        yield str(row.thread)
