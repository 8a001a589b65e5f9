"""An accepted event of a trigger on its way to the bot: who it is about, then an event of its thread.

Order, and why a cut after each is harmless: the contact (found again by its identity), the event's row (advanced at
most once), the thread's event (its id comes from the trigger's event, and it leaves a receipt: a busy session may
forget an event before its queue brings it a second time). Whether the bot still exists is its lane's to find out,
which tells of it as of any delivery that it gives up.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.event import TRIGGER_EVENT, Event
from chalicelib.domain.identities import CHANNEL
from chalicelib.domain.message import Author, Content
from chalicelib.domain.thread import TRIGGER
from chalicelib.ports import clock, ids, log, queues
from chalicelib.ports.lambdas import each_body
from chalicelib.ports.queues import Entry
from chalicelib.tables import contacts, trigger_events


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `trigger-events.fifo`."""
    return each_body(event, handle, fifo=True)


def handle(body: dict[str, Any]) -> None:
    """Put one event of a trigger on its thread."""
    started = clock.now_ms()
    contact = _contact(body)
    trigger_events.running(
        body["trigger"],
        body["id"],
        session=body["session"],
        thread=body["thread"],
        at=body["at"],
        contact=contact.get("id", ""),
    )
    event = _event(body, contact)
    queues.send("bulk-threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id)])
    log.step(
        "run_trigger",
        trigger=body["trigger"],
        trigger_event=body["id"],
        thread=event.thread,
        event=event.id,
        trace=event.trace,
        took_ms=clock.now_ms() - started,
        lag_ms=max(0, started - body["at"]),
    )


def _contact(body: dict[str, Any]) -> dict[str, str]:
    """Whom the event is about, as a thread keeps it; {} where it names nobody."""
    given = body["contact"]
    identities = [(kind, value) for kind, value in given["identities"]]
    if not identities and given["name"]:
        # A name leads to nobody; its session does.
        identities = [(CHANNEL, f"{body['trigger']}:{body['session']}")]
    if not identities:
        return {}
    return contacts.find_or_create(body["service"], identities, name=given["name"], now_ms=body["at"])


def _event(body: dict[str, Any], contact: dict[str, str]) -> Event:
    details = {"payload": body["payload"]} if body["payload"] else {}
    told: dict[str, Any] = {
        "bot": body["bot"],
        "content": Content(text=body["text"], details=details).plain(),
        "source": TRIGGER,
        "author": Author("event", body["trigger"], body["name"]).plain(),
        "session_s": body["session_s"],
        "asked": body["id"],
        "answer_within_s": body["answer_within_s"],
    }
    return Event(
        id=ids.from_cause("ev", "trigger", body["id"]),
        kind=TRIGGER_EVENT,
        service=body["service"],
        channel=body["trigger"],
        channel_kind=TRIGGER,
        address=body["session"],
        thread=body["thread"],
        at=body["at"],
        body=told | ({"contact": contact} if contact else {}),
        once=True,
        trace=body["trace"],
    )
