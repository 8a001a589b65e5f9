"""From an event of a source to an event of its thread: who it is about, and where it stands.

Cut off after the contact was found or made: it is found again. After its place was taken: the place is its own.
After it was queued: `converse` knows it by its id.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.event import SOURCE_EVENT, Event
from chalicelib.domain.thread import message_id, thread_id
from chalicelib.ports import clock, log, queues
from chalicelib.ports.lambdas import each_body
from chalicelib.tables import contacts, receipts

KIND = "source"
"""Kind of the channel that a source's threads are on."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `source-events.fifo`."""
    return each_body(event, handle, fifo=True)


def handle(body: dict[str, Any]) -> None:
    """Handle one event, as `receive_source` queued it."""
    started = clock.now_ms()
    contact = _contact(body)
    own = _address(body, contact)
    # The same event stays where and when it came first, whatever a repeat says of its person or time: there `converse`
    # knows it. That thread is perhaps another person's, or nobody's.
    address, sent_at = receipts.place_source_event(body["id"], address=own, sent_at=body["sent_at"], now_ms=started)
    event = _event(body, address=address, sent_at=sent_at, contact=contact if address == own else {})
    queues.send("bulk-threads.fifo", [queues.Entry(event.plain(), group=event.thread, dedup=event.id)])
    log.step(
        "ingest_source",
        source=body["source"],
        event=event.id,
        thread=event.thread,
        trace=event.trace,
        took_ms=clock.now_ms() - started,
        lag_ms=max(0, started - body["at"]),
    )


def _contact(body: dict[str, Any]) -> dict[str, str]:
    """The person, made where nobody has one of the identities; {} where there is none."""
    identities = [(kind, value) for kind, value in body.get("identities", ())]
    if not identities:
        return {}
    # A shadow: it gives way to a person who appears with the same identity.
    return contacts.find_or_create(
        body["service"], identities, name=body.get("name", ""), now_ms=body["at"], shadow=True
    )


def _address(body: dict[str, Any], contact: dict[str, str]) -> str:
    """Whose events stand together: a person's own, or a share of nobody's; apart by conversation where there is one."""
    who = contact.get("person") or contact.get("id") or f"-{body['shard']}"
    return f"{who}\x1f{body['conversation']}" if body.get("conversation") else who


def _event(body: dict[str, Any], *, address: str, sent_at: int, contact: dict[str, str]) -> Event:
    thread = thread_id(body["source"], address)
    said: dict[str, Any] = {
        "content": body["content"],
        "source": body["key"],
        "sent_at": sent_at,
        "message_id": message_id(thread, body["id"]),
    }
    return Event(
        id=body["id"],
        kind=SOURCE_EVENT,
        service=body["service"],
        channel=body["source"],
        channel_kind=KIND,
        address=address,
        thread=thread,
        at=body["at"],
        body=said | ({"contact": contact} if contact else {}),
        once=True,
        trace=body["trace"],
    )
