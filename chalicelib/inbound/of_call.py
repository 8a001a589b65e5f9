"""What a provider tells of calls: whether one goes on, and what was said in one that is over and never heard.

The row first (tables/phone_calls.py), then what was not heard is looked for: who sends a message looks at the row after
the message was written, so either finds the other. Cut off after the row, the provider's call comes again or does not:
then what was not heard stays `sent`, and nobody is rung for it.
"""

from __future__ import annotations

from chalicelib.channels.contract import PhoneCall
from chalicelib.domain.event import status_event
from chalicelib.domain.message import FAILED, PENDING, SENT, Message
from chalicelib.domain.thread import thread_id
from chalicelib.ports import clock
from chalicelib.ports.queues import Entry
from chalicelib.tables import messages, phone_calls
from chalicelib.tables.config import Resource

CALL_ENDED = "call_ended"
"""Code of the error of what was not heard."""
_WITHIN = 50
"""How far back it may lie."""


def entries(call: PhoneCall, row: Resource) -> list[Entry]:
    """Keep what is told of a call on the channel `row`; gives what its thread is to be told."""
    thread, now = thread_id(row.id, call.address), clock.now_ms()
    if not call.ended:
        phone_calls.heard(thread, call.id, now_ms=now)
        return []
    phone_calls.ended(thread, call.id, now_ms=now)
    last = phone_calls.last(thread)
    if last is None or last.id != call.id:
        # There is another since, which may speak it yet.
        return []
    found = [one for one in messages.last(thread, limit=_WITHIN) if _is_unheard(one, last.began_ms)]
    return [_failed(one, row) for one in found]


def _is_unheard(said: Message, began_ms: int) -> bool:
    """What waits for another attempt since before the call is none of its business."""
    return said.direction == "out" and (said.state == SENT or (said.state == PENDING and said.sent_at >= began_ms))


def _failed(said: Message, row: Resource) -> Entry:
    error = {"code": CALL_ENDED, "reason": "the call was over before it was spoken"}
    event = status_event(
        thread=said.thread,
        seq=said.seq,
        state=FAILED,
        at=clock.now_ms(),
        service=str(row.service),
        channel=row.id,
        channel_kind=str(row.body["kind"]),
        error=error,
    )
    return Entry(event.plain(), group=event.thread, dedup=event.id)
