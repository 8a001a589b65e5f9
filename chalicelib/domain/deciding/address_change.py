"""What becomes of a thread whose person goes on under another address: it ends for them, and is open to whoever comes.

A number that somebody gives up is given to somebody else some day. What was said is the first person's, and what is
said later at the old address is another's; the person's next words come from the new address, which is another thread.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.deciding.notifications import close_notified
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.thread import NOBODY

OUTCOME = "address_changed"


def customer_moved(turn: Turn) -> None:
    """Close what is open on the thread and forget whose address it was, up to here.

    A desk that has the chat is told that it ended. Where only what identifies the person changed, and not the address,
    nothing ends.
    """
    event, thread = turn.event, turn.thread
    if event.body["to"] == event.address:
        turn.thread = replace(thread, contact=event.body.get("contact") or thread.contact)
        turn.ignored = "the address stays"
        return
    conversation = thread.chat_conversation() or thread.bot_conversation(thread.bot)
    ended = [turn.to_desk(notice.CHAT_ENDED, reason="the customer's address changed")] if thread.chat else []
    for bot in list(thread.bots):
        turn.close_bot(bot, outcome=OUTCOME)
    if thread.chat:
        turn.close_chat(outcome=OUTCOME)
    close_notified(turn, outcome=OUTCOME)
    turn.own(NOBODY)
    turn.note(OUTCOME, conversation=conversation, routes=ended, to=event.body["to"])
    turn.thread = replace(
        turn.thread,
        contact={},
        heard="",
        bot="",
        desk="",
        fallback="",
        offered={},
        handle={},
        first_at=0,
        last_at=0,
        happened_at=0,
        stopped_at=0,
        left={"upto": turn.thread.last_seq, "conversations": thread.conversations},
    )
