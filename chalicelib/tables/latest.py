"""The state of a thread as its messages tell it: a moment before its own row does.

`converse` writes the messages of an event, each with the thread's state after it, before the thread's row. Whoever
hears of a message may answer within that moment, and must not be refused what is decided already.
"""

from __future__ import annotations

from chalicelib.domain.thread import Thread, with_state
from chalicelib.tables import messages


def caught_up(thread_id: str, stands: Thread | None) -> Thread | None:
    """A thread after its last message, where that is written and the row that was read is not; else as it stands."""
    row = messages.newest(thread_id, after=stands.last_seq if stands else 0)
    if row is None:
        return stands
    if stands is None:
        said = messages.of_row(row)
        stands = Thread(said.thread, said.service, said.channel, said.channel_kind, said.address)
    return with_state(stands, dict(row.after), event=str(row.event))
