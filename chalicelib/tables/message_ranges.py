"""Messages by their numbers on a thread: those of one conversation, and the places of a source's events."""

from __future__ import annotations

from chalicelib.domain.message import Message
from chalicelib.tables.messages import MessageRow, of_row, without_notes

_STRAY = 4
"""Single messages of other conversations among those of one: a bot's that came too late, a note of ours."""


def of_conversation(
    thread: str,
    conversation: str,
    *,
    first: int,
    before: int | None,
    limit: int,
    last: int = 0,
    between: int = 0,
    notes: bool = False,
) -> list[Message]:
    """The last `limit` messages of a conversation below number `before`, the newest first; agents' notes where asked.

    Reads the thread's own rows from the conversation's last to its first: as many as asked for, and those of other
    conversations that lie between. Where as many as `between` do, it is one query (of 1 MB at most).
    """
    upto = min(
        [number for number in (last or None, before - 1 if before is not None else None) if number is not None],
        default=None,
    )
    condition = MessageRow.seq >= first if upto is None else MessageRow.seq.between(first, upto)
    if upto is not None and upto < first:
        return []
    mine = MessageRow.conversation == conversation
    rows = MessageRow.query(
        thread,
        condition,
        filter_condition=mine if notes else mine & without_notes(),
        limit=limit,
        page_size=limit + between + _STRAY,
        scan_index_forward=False,
        consistent_read=True,
    )
    return [of_row(row) for row in rows]


_NEAR = 4000
"""Numbers looked through for a free one: four milliseconds of a source's thread."""


def written_by(thread: str, seq: int, event: str) -> bool:
    """Whether a source's event stands on its thread, at its number or moved on from it."""
    rows = MessageRow.query(
        thread, MessageRow.seq.between(seq, seq + _NEAR), MessageRow.event == event, limit=1, consistent_read=True
    )
    return any(True for _ in rows)


def free_number(thread: str, seq: int) -> int:
    """The first number from `seq` on that no message has."""
    taken = MessageRow.query(
        thread, MessageRow.seq.between(seq, seq + _NEAR), attributes_to_get=["seq"], consistent_read=True
    )
    free = seq
    for row in taken:
        if int(row.seq) != free:
            break
        free += 1
    return free
