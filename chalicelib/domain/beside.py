"""What an event does beside its messages: kept in the row of the first of them, so that whoever finds that row without
the thread's state after it can finish what was cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import Message
from chalicelib.domain.message_change import EDITED, Change
from chalicelib.domain.thread import Conversation

_OF_THREAD = ("thread", "service", "channel")


@dataclass(frozen=True, slots=True)
class Beside:
    """Conversations that are opened, changes of those that were, and of messages that were said before."""

    conversations: tuple[Conversation, ...] = ()
    closed: tuple[tuple[int, dict[str, Any]], ...] = ()
    """(conversation number, changed fields)."""
    changes: tuple[Change, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty and without what the message's row says."""
        opened = [one.plain() for one in self.conversations]
        data: dict[str, Any] = {
            "conversations": [{key: one[key] for key in one if key not in _OF_THREAD} for one in opened],
            "closed": [{"number": number, "changes": changes} for number, changes in self.closed],
            # Not the text: once it is deleted it may stand nowhere.
            "changes": [{"seq": one.seq, "kind": one.kind} for one in self.changes],
        }
        return {name: value for name, value in data.items() if value}


def of_turn(turn: Turn) -> Beside:
    """What a turn does beside its messages."""
    return Beside(tuple(turn.conversations), tuple(turn.conversation_changes), tuple(turn.changes))


def of_plain(plain: dict[str, Any], said: Message) -> Beside:
    """The reverse of `plain`; `said` is the message whose row holds it."""
    own = {name: getattr(said, name) for name in _OF_THREAD}
    return Beside(
        conversations=tuple(Conversation.of(own | one) for one in plain.get("conversations", ())),
        closed=tuple((int(one["number"]), dict(one["changes"])) for one in plain.get("closed", ())),
        changes=tuple(
            Change(int(one["seq"]), one["kind"], said.content.text if one["kind"] == EDITED else "", said.seq)
            for one in plain.get("changes", ())
        ),
    )
