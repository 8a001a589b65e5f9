"""After each turn of a thread: what it did beside its messages, and the thread among those of its person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.domain.beside import Beside
from chalicelib.domain.thread import Conversation, Thread
from chalicelib.ports import clock
from chalicelib.tables import links, messages, threads


def carry_out(
    did: Beside, thread: Thread, *, was: Thread, linked: bool, source: str, said_in: Iterable[str], spoken: int
) -> None:
    """Write what a turn did beside its messages, and keep the thread and its conversations among those of its person;
    all of it may be done twice.

    `thread` is as it is after the turn, `was` as before, and `linked` whether it was among those of its person already;
    `said_in` are the ids of its messages' conversations, `spoken` is when they were said, as far as that makes
    anything newer.
    """
    for change in did.changes:
        messages.change(thread.id, change)
    for conversation in did.conversations:
        threads.keep_conversation(conversation)
    changes: dict[int, dict[str, Any]] = {}
    for number, more in did.closed:
        changes.setdefault(number, {}).update(more)
    rows = [threads.change_conversation(thread.id, number, one) for number, one in changes.items()]
    changed = [one for one in rows if one is not None]
    _link(did.conversations, changed, thread, was, linked=linked, source=source, said_in=said_in, spoken=spoken)


def _link(
    opened: Sequence[Conversation],
    changed: Sequence[Conversation],
    thread: Thread,
    was: Thread,
    *,
    linked: bool,
    source: str,
    said_in: Iterable[str],
    spoken: int,
) -> None:
    if thread.left != was.left and was.person:
        links.end_thread(was.person, was, source=source, **thread.left)
        for conversation in changed:
            links.keep_conversation(was.person, conversation, touched=clock.now_ms())
        return
    if not thread.person:
        return
    if not linked:
        # Also where the person became known later: what was said before is theirs.
        links.keep_thread(thread.person, thread, source=source)
        everything = threads.conversations(thread.id) if was.conversations else opened
        # Those of who was erased from this address are nobody's, those of who left it are theirs.
        others = max(int(thread.erased.get("conversations", 0)), thread.left.get("conversations", 0))
        opened = [one for one in everything if one.number > others]
    # The time of this write, not the event's, which may be long ago: who walks through the conversations meanwhile
    # must see what was written since he began. What is opened meanwhile he need not see, so history that is read in
    # stands at its own time from the beginning, and not before the chats of today.
    now, hour = clock.now_ms(), links.TOUCH_EVERY_MS
    for conversation in {one.number: one for one in (*opened, *changed)}.values():
        links.keep_conversation(thread.person, conversation, touched=min(now, spoken))
    if was.last_at and spoken // hour > was.last_at // hour:
        for number in {one for one in said_in if one}:
            links.touch(thread.person, number, at=now)
