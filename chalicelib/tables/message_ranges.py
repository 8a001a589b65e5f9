"""Messages by their numbers on a thread: those of one conversation, those up to a time, places of a source's events."""

from __future__ import annotations

from chalicelib.domain.message import FAILED, PENDING, SENT, Message, advances
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


_LATE_MS = 60_000
"""How much later than a message was sent we may come to know it, and a provider's clock go ahead of ours."""
_FEW = 25


def sent_until(thread: str, until: int, state: str, *, within: int) -> list[int]:
    """Numbers of the messages to the customer that a provider says have come to a state, all that were sent by a time
    (milliseconds): those of the thread's last `within` that are not there yet, back to one that is.

    What waits to be sent was not, however long ago it was said. Pages of 25 messages, about seven read units each, and
    one where the last time is not long ago.
    """
    found: list[int] = []
    for row in MessageRow.query(thread, limit=within, page_size=_FEW, scan_index_forward=False, consistent_read=True):
        said = of_row(row)
        # Known to be sent since: nothing newer is known of it.
        at = int(row.state_at or said.sent_at) - _LATE_MS if said.state == SENT else said.sent_at
        if said.direction != "out" or said.state in (PENDING, FAILED) or max(at, said.sent_at) > until:
            continue
        if not advances(said.state, state):
            break
        found.append(said.seq)
    return found
