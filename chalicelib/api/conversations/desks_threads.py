"""Which threads an agent of some desks sees: those that one of these desks has or, while none has it, had last.

So who has the customer now sees all of what was said with them, and a desk that has handed them on no longer does. What
no desk ever had is nobody's of them. For everybody else nothing is read; for them 1 R for each thread and, where no
desk has it now, a query of its conversations.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from chalicelib.api.http.call import Caller
from chalicelib.tables import batch_get, history, threads
from chalicelib.tables.threads import ThreadRow


def theirs(caller: Caller, ids: Iterable[str]) -> set[str]:
    """Those of some threads that the caller sees."""
    wanted = sorted({*ids})
    if caller.desks is None or not wanted:
        return {*wanted}
    found = [threads.from_row(row) for row in batch_get.get_all([(ThreadRow, id, threads.THREAD) for id in wanted])]
    standing = [thread for thread in found if thread is not None]
    desks = {thread.id: thread.chat.desk for thread in standing if thread.chat is not None}
    without = [thread.id for thread in standing if thread.id not in desks]
    last = history.at_once([partial(threads.last_desk, id) for id in without])
    desks |= dict(zip(without, last, strict=True))
    return {id for id, desk in desks.items() if desk in caller.desks}


def need(caller: Caller, thread: str) -> None:
    """Problem 403 where the caller does not see a thread."""
    if caller.desks is not None and thread not in theirs(caller, [thread]):
        caller.need_desk("")
