"""What an event counts for in the figures: kept in the thread's row, whose stream they are made from."""

from __future__ import annotations

from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import FAILED, Message


def tally_of(turn: Turn) -> dict[str, int]:
    """Messages `in` and `out`; `first`: after how many seconds a person said the first word in the open chat."""
    tally: dict[str, int] = {}
    for way in filter(None, map(way_of, turn.messages)):
        tally[way] = tally.get(way, 0) + 1
    chat, was = turn.thread.chat, turn.was.chat
    if chat is not None and chat.answered and not (was and was.number == chat.number and was.answered):
        tally["first"] = max(0, turn.event.at - chat.since) // 1000
    return tally


def way_of(message: Message) -> str:
    """`in` where it came from a customer or another system, `out` where it went to a customer; empty of what only notes
    what happened (also to a message: an edit, a reaction), what agents say among themselves, and what was refused."""
    by = message.author.kind
    happened = by == "system" or (message.content.type == "event" and by != "event")
    return "" if happened or message.is_note or message.state == FAILED else message.direction
