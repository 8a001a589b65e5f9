"""What a provider says became of messages of ours, as events of their threads.

Of which messages is told by our own delivery's id where the provider carries it through, by the provider's id of one,
or by a time up to which it holds for all of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalicelib.channels.events import Consent, Status
from chalicelib.domain.event import Event, status_event
from chalicelib.domain.lane import destination_of, thread_of
from chalicelib.domain.message import DELIVERED, FAILED, READ
from chalicelib.domain.tasks import LateStatus
from chalicelib.domain.thread import thread_id, thread_of_message
from chalicelib.ports import clock
from chalicelib.ports.queues import Entry
from chalicelib.tables import deliveries, message_ranges, messages, receipts
from chalicelib.tables.config import Resource

_AGAIN_S = 2
"""When a status is looked at again that came before the answer to our own send."""
_WITHIN = 200
"""How far back a message may lie that a status is about which names it by our own id, or by a time."""


def entries(status: Status, row: Resource) -> tuple[list[Entry], list[Entry]]:
    """(what is put on `threads.fifo`, what is on `timers`) of a status on the channel `row`."""
    told = events_of(status, row)
    if isinstance(told, LateStatus):
        return [], [Entry(told.plain(), delay_s=_AGAIN_S)]
    return [Entry(event.plain(), group=event.thread, dedup=event.id) for event in told], []


@dataclass(frozen=True, slots=True)
class _About:
    thread: str
    seq: int
    part: bool = False
    provider_id: str = ""
    """Where it is not kept yet: the provider's id of the message."""


def events_of(status: Status, row: Resource) -> list[Event] | LateStatus:
    """The events of a status on the channel `row`; none where it says nothing of a whole message.

    Where nobody knows yet what it is about, it is to be looked at again: it may overtake the answer to our own send.
    """
    if status.until_ms:
        return [_event(status, row, one) for one in _until(status, row.id)]
    about = _own(status, row.id) if status.own_id else None
    about = about or (_named(status, row.id) if status.provider_id else None)
    if about is None:
        return _later(status, row) if status.provider_id else []
    return [_event(status, row, about)] if status.state == FAILED or not about.part else []


def of_who_was_sent(consent: Consent, channel: str) -> Consent:
    """A consent with the address that the message went to which it was said of. One read."""
    named = deliveries.parse_delivery_id(consent.own_id)
    if named is None or destination_of(named[0]) != channel:
        return consent
    delivery = deliveries.get(*named)
    return replace(consent, address=deliveries.notice_of(delivery).address) if delivery is not None else consent


def is_delivered(own_id: str, channel: str) -> bool:
    """Whether the message of a delivery of ours is known to have arrived. Two reads."""
    named = deliveries.parse_delivery_id(own_id)
    delivery = deliveries.get(*named) if named and destination_of(named[0]) == channel else None
    if named is None or delivery is None:
        return False
    message = messages.get(thread_of(named[0]), deliveries.notice_of(delivery).seq)
    return message is not None and message.state in (DELIVERED, READ)


def _own(status: Status, channel: str) -> _About | None:
    """By our delivery: there before it goes out, so known whatever becomes of the answer to it. One read.

    While the delivery is not said to be done, the provider's id is not kept, and perhaps never will be, as the process
    that got it may have ended: then what is said about the message by that id is found all the same. Twice is once.
    """
    named = deliveries.parse_delivery_id(status.own_id)
    if named is None or destination_of(named[0]) != channel:
        return None
    delivery = deliveries.get(*named)
    if delivery is None:
        return None
    thread, seq = thread_of(named[0]), deliveries.notice_of(delivery).seq
    if delivery.status not in (*deliveries.UNDONE, deliveries.UNKNOWN) or not status.provider_id:
        return _About(thread, seq, status.part)
    receipts.keep_sent(channel, status.provider_id, thread=thread, seq=seq, now_ms=clock.now_ms(), part=status.part)
    return _About(thread, seq, status.part, "" if status.part else status.provider_id)


def _named(status: Status, channel: str) -> _About | None:
    """By our own id of the message where the channel shows it, else by theirs."""
    thread = thread_of_message(status.provider_id)
    if thread is not None and status.address:
        if thread != thread_id(channel, status.address):
            return None
        message = messages.find(thread, status.provider_id, within=_WITHIN)
        return _About(thread, message.seq) if message is not None and message.direction == "out" else None
    found = receipts.find_sent(channel, status.provider_id)
    return _About(found.thread, found.seq, found.part) if found else None


def _until(status: Status, channel: str) -> Iterator[_About]:
    thread = thread_id(channel, status.address)
    for seq in message_ranges.sent_until(thread, status.until_ms, status.state, within=_WITHIN):
        yield _About(thread, seq)


def _event(status: Status, row: Resource, about: _About) -> Event:
    return status_event(
        thread=about.thread,
        seq=about.seq,
        part=about.part,
        state=status.state,
        at=min(status.at_ms, clock.now_ms()),
        service=str(row.service),
        channel=row.id,
        channel_kind=str(row.body["kind"]),
        error=dict(status.error) if status.error else None,
        provider_id=about.provider_id,
    )


def _later(status: Status, row: Resource) -> LateStatus:
    return LateStatus(
        service=str(row.service),
        channel=row.id,
        channel_kind=str(row.body["kind"]),
        provider_id=status.provider_id,
        state=status.state,
        at=status.at_ms,
        error=dict(status.error) if status.error else None,
    )
