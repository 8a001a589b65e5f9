"""The business speaks first: nobody has asked, and nobody's turn comes of it.

In a conversation that is open, bot's or desk's, it is part of that. Else it is one of its own, which is open until
somebody has the thread because the customer has answered: who that is, rules say as of any message.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.consent import OPTED_OUT, reason
from chalicelib.domain.deciding.routing import ECHO
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import FAILED, Author, Content
from chalicelib.domain.route import Route
from chalicelib.domain.stored import known
from chalicelib.domain.thread import CLOSED, DESK, NOBODY, NOTIFICATION, OPEN, Conversation, Thread, conversation_id

ANSWERED = "answered"


def conversation_of(thread: Thread) -> str:
    """Id of the conversation that what the business says next is part of, as the thread stands."""
    return _somebodys(thread) or conversation_id(thread.id, thread.notified or thread.conversations + 1)


def notification(turn: Turn) -> None:
    """Send it to the customer, unless they do not want it: then it is kept as failed."""
    body, thread = turn.event.body, turn.thread
    to = (body.get("contact") or {}).get("id")
    if to and to not in (thread.contact.get("id"), thread.person):
        # They were erased, or have left the address, since it was accepted.
        turn.ignored = "another person's by now" if thread.contact else "its person was erased"
        return
    conversation = _open(turn)
    turn.thread = replace(turn.thread, notified_at=turn.event.at)
    content, author = Content.of(body["content"]), Author(**known(Author, body["author"]))
    if refused := body.get("refused"):
        error = {"code": OPTED_OUT, "reason": reason(refused)}
        turn.say(
            content, author=author, direction="out", conversation=conversation, routes=[], state=FAILED, error=error
        )
        return
    routes = [replace(route, bulk=True) for route in (turn.to_channel(), *_copy(turn))]
    turn.say(content, author=author, direction="out", conversation=conversation, routes=routes)


def settle_notified(turn: Turn) -> None:
    """Close the conversation of what the business said, once somebody has the thread: it is answered."""
    if turn.thread.notified and turn.thread.owner != NOBODY:
        close_notified(turn, outcome=ANSWERED)


def close_notified(turn: Turn, *, outcome: str) -> None:
    """Close the conversation of what the business said, where there is one."""
    if number := turn.thread.notified:
        turn.thread = replace(turn.thread, notified=0)
        turn.conversation_changes.append((number, {"state": CLOSED, "closed_at": turn.event.at, "outcome": outcome}))


def _open(turn: Turn) -> str:
    """The conversation that it is part of, opened where there is none."""
    thread, conversation = turn.thread, conversation_of(turn.thread)
    if not _somebodys(thread) and not thread.notified:
        number = thread.conversations + 1
        turn.thread = replace(thread, conversations=number, notified=number)
        turn.conversations.append(
            Conversation(
                thread=thread.id,
                number=number,
                service=thread.service,
                kind=NOTIFICATION,
                party=thread.channel,
                state=OPEN,
                opened_at=turn.event.at,
                contact=thread.contact.get("id", ""),
                channel=thread.channel,
                source=turn.source,
                first=thread.last_seq + 1,
                test=thread.test,
            )
        )
    return conversation


def _somebodys(thread: Thread) -> str:
    """Id of the open conversation of a desk, or else of the thread's bot; empty where there is none."""
    return thread.chat_conversation() or thread.bot_conversation(thread.bot)


def _copy(turn: Turn) -> list[Route]:
    """A copy for the thread's bot while a desk has the thread, as of all that is said then. It has no number, as it is
    told apart from what is: in a lane that may wait. A bot that has the thread itself is not told: it would answer."""
    party = turn.config.bot(turn.thread.bot)
    if (
        turn.thread.owner != DESK
        or party is None
        or party.kind == ECHO
        or (party.sources and turn.source not in party.sources)
    ):
        return []
    return turn.bot_hears(notice.MESSAGE)
