"""After each turn of a thread: it and its conversations are kept among those of its person."""

from __future__ import annotations

from chalicelib.domain.event import CUSTOMER_MOVED, SOURCE_EVENT
from chalicelib.domain.thread import Conversation, Thread
from chalicelib.domain.turn import Turn
from chalicelib.ports import clock
from chalicelib.tables import links, threads


def link(turn: Turn, *, was: Thread, linked: bool, changed: list[Conversation]) -> None:
    """Keep the thread and its conversations among those of its person; all of it may be done twice."""
    thread = turn.thread
    if turn.event.kind == CUSTOMER_MOVED and thread.left != was.left and was.person:
        links.end_thread(was.person, was, source=turn.source, **thread.left)
        for conversation in changed:
            links.keep_conversation(was.person, conversation, touched=clock.now_ms())
        return
    if not thread.person:
        return
    if not linked:
        # Also where the person became known later: what was said before is theirs.
        links.keep_thread(thread.person, thread, source=turn.source)
        opened = threads.conversations(thread.id) if was.conversations else turn.conversations
        # Those of who was erased from this address are nobody's, those of who left it are theirs.
        others = max(int(thread.erased.get("conversations", 0)), thread.left.get("conversations", 0))
        opened = [one for one in opened if one.number > others]
    else:
        opened = turn.conversations
    # The time of this write, not the event's, which may be long ago: who walks through the conversations meanwhile
    # must see what was written since he began. What is opened meanwhile he need not see, so history that is read in
    # stands at its own time from the beginning, and not before the chats of today.
    now, hour = clock.now_ms(), links.TOUCH_EVERY_MS
    # An event of a source that came late makes nothing newer: history that is read in need not write this each time.
    spoken = thread.last_at if turn.event.kind == SOURCE_EVENT else now
    for conversation in {one.number: one for one in (*opened, *changed)}.values():
        links.keep_conversation(thread.person, conversation, touched=min(now, spoken))
    if was.last_at and spoken // hour > was.last_at // hour:
        for number in {said.conversation for said in turn.messages if said.conversation}:
            links.touch(thread.person, number, at=now)
