"""What is left of a thread whose person is erased: its numbers, so that none is given twice, and a mark up to where."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.deciding.notifications import close_notified
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import BEGINNERS, CONTACT_ERASED, OF_PERSON, Event
from chalicelib.domain.part import ALL
from chalicelib.domain.thread import NOBODY, SOURCE, Thread, parse_conversation_id

OUTCOME = "contact_erased"


def contact_erased(turn: Turn) -> None:
    """Close what is open on a thread of an erased person and forget who they were.

    A desk that has the chat is told that it ended. Messages up to the mark's number, and conversations up to its
    number, are the erased person's; what somebody says at this address later is another's.
    """
    event, thread = turn.event, turn.thread
    people = set(event.body["people"])
    mine = not thread.contact or bool(people & {thread.contact.get("id", ""), thread.person})
    upto = (ALL if thread.channel_kind == SOURCE else thread.last_seq) if mine else 0
    mark = {"by": event.body["erasure"], "upto": upto, "people": sorted(people)}
    if not mine:
        turn.ignored = "another person's by now"
        turn.thread = replace(thread, erased=mark | {"conversations": 0})
        return
    for bot in list(thread.bots):
        turn.close_bot(bot, outcome=OUTCOME)
    ended = [turn.to_desk(notice.CHAT_ENDED, reason="the contact was erased")] if thread.chat else []
    conversation = thread.chat_conversation()
    if thread.chat:
        turn.close_chat(outcome=OUTCOME)
    close_notified(turn, outcome=OUTCOME)
    turn.own(NOBODY)
    turn.thread = replace(
        turn.thread,
        address="",
        contact={},
        heard="",
        bot="",
        desk="",
        fallback="",
        asked=(),
        offered={},
        handle={},
        first_at=0,
        last_at=0,
        happened_at=0,
        stopped_at=0,
        erased=mark | {"conversations": thread.conversations},
    )
    if ended:
        turn.note(OUTCOME, conversation=conversation, routes=ended)


def too_late(event: Event, thread: Thread) -> bool:
    """Whether an event speaks of a person who was erased from the thread while it was on its way."""
    if not thread.erased:
        return False
    contact = event.body.get("contact") or {}
    if {contact.get("id"), contact.get("person")} & set(thread.erased["people"]):
        return True
    named = parse_conversation_id(event.body.get("conversation") or "")
    if named is not None and named[1] <= thread.erased["conversations"]:
        return True
    # Nobody has begun anything here since.
    idle = not thread.contact and not thread.bots and thread.chat is None
    return idle and event.kind not in (*BEGINNERS, CONTACT_ERASED)


def back(event: Event, thread: Thread) -> Thread:
    """The thread with its address again, where somebody writes from it after an erasure."""
    if thread.erased and not thread.address and event.kind in OF_PERSON:
        return replace(thread, address=event.address)
    return thread
