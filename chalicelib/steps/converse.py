"""The only writer of threads, conversations and messages: one event of one thread at a time.

Order of writes, and why a cut after each is harmless: timers and the contact (void or the same when repeated),
messages (their numbers are taken at most once; a row carries the thread's state after it), conversations,
the thread (on condition of its version), the receipt. A redelivered event finds its own messages by the
event's id and goes on from the state that they carry; another event that meets them adopts that state first.
So a message and what it means for the thread are never apart, at one write unit each instead of a
transaction's two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain import beside
from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import (
    BEGINNERS,
    CUSTOMER_CHANGED,
    CUSTOMER_CONSENT,
    CUSTOMER_MOVED,
    RECEIPT,
    SOURCE_EVENT,
    Event,
)
from chalicelib.domain.message import PENDING, Message
from chalicelib.domain.tasks import ChangeAgain
from chalicelib.domain.thread import Thread, changing, with_state
from chalicelib.inbound import persons
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_body
from chalicelib.tables import (
    batch_get,
    config,
    contacts,
    linking,
    message_ranges,
    messages,
    offers,
    receipts,
    schedule,
    service_config,
    threads,
)
from chalicelib.tables.config import Resource
from chalicelib.tables.receipts import Receipt
from chalicelib.tables.threads import ThreadRow

_ROUNDS = 5
"""How often an event starts over because the thread changed under it, before it is redelivered."""


_LOOKED_THROUGH = 200
"""Messages of a thread among which one is looked for that is edited, deleted or reacted to."""
_OVERTAKEN_S = (2, 10, 60, 300)
"""After how long a change is looked at again whose message has not come yet."""
_ECHO_S, _GOING_OUT = (2, 10), 20
"""As long as a call to a provider may take; and among how many messages one is looked for that is going out."""


class ThreadBusy(Exception):
    """The thread changed under the event again and again; the queue redelivers it."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `threads.fifo`."""
    return each_body(event, handle, fifo=True)


def handle(body: dict[str, Any]) -> None:
    """Handle one event."""
    started = clock.now_ms()
    event = Event.of(body)
    outcome = _receipt(event) if event.kind == RECEIPT else _converse(event)
    took = clock.now_ms() - started
    log.step(
        "converse",
        thread=event.thread,
        event=event.id,
        kind=event.kind,
        outcome=outcome,
        trace=event.trace,
        took_ms=took,
        lag_ms=max(0, started - event.at),
    )


def _receipt(event: Event) -> str:
    body = event.body
    new = messages.set_state(
        event.thread,
        body["seq"],
        body["state"],
        at=event.at,
        error=body.get("error"),
        provider_id=body.get("provider_id", ""),
        part=bool(body.get("part")),
    )
    return "advanced" if new else "nothing new"


def _converse(event: Event) -> str:
    for _ in range(_ROUNDS):
        bot, place = event.body.get("bot", ""), int(event.body.get("place", 0))
        # What has a place in its bot's lane has no receipt: the thread knows that place for ever.
        receipt = [] if place else [(Receipt, receipts.event_key(event.thread, event.id), None)]
        row, version, *seen = batch_get.get_all(
            [(ThreadRow, event.thread, threads.THREAD), (Resource, *config.version_key(event.service)), *receipt]
        )
        thread = threads.from_row(row)
        if seen and seen[0] is not None:
            return "done before"
        if thread is not None and thread.knows(event.id):
            # Perhaps cut off just before its receipt: the thread forgets the event long before outsiders do.
            _keep_receipt(event)
            return "done before"
        if thread is not None and thread.has_answer(bot, place):
            return "done before"
        snapshot = config.snapshot(event.service, int(version.version or 0) if version else 0)
        if snapshot.own is None:
            return "service is gone"
        if event.body.get("perhaps_ours") and (passed := _ours(event)):
            return passed
        if event.kind == CUSTOMER_CHANGED:
            event = _found(event)
            if "seq" not in event.body and _look_again(event):
                return "not yet"
        if event.kind == CUSTOMER_MOVED:
            event = persons.moved(event, thread)
            if thread is None:
                # Repeated days later it could be about whoever has the old number by then.
                _keep_receipt(event)
        if thread is None and event.kind not in BEGINNERS:
            # As a change of a contact that overtook the thread's first event, or followed its erasing.
            return "no such thread"
        event = offers.with_choices(event, thread)
        view = service_config.of(snapshot)
        linked = thread is not None and bool(thread.person)
        thread = persons.known(event, thread)
        if event.kind == CUSTOMER_CONSENT:
            event = persons.with_consent(event, thread)
        event = persons.with_refusal(event, thread)
        turn = decide(event, thread, view, _asked_about(thread) if view.reads_contact else None)
        turn.thread = turn.thread.after_answer(bot, place)
        if _write(turn, was=thread, linked=linked):
            return turn.ignored or "done"
        if event.kind == SOURCE_EVENT:
            event = _moved(event, turn.messages[0])
    raise ThreadBusy(event.thread)


def _found(event: Event) -> Event:
    """A change with the message that it is about: one of the thread's last, else one that we sent within a week."""
    about = event.body["about"]
    found = messages.find_provided(event.thread, about, within=_LOOKED_THROUGH)
    if found is None and (sent := receipts.find_sent(event.channel, about)) and sent.thread == event.thread:
        row = messages.get(sent.thread, sent.seq)
        found = messages.of_row(row) if row is not None else None
    if found is None:
        return event
    # Nobody edits what another said, whatever a gateway makes of it.
    own = found.direction == ("out" if event.body.get("echo") else "in")
    more = {"seq": found.seq if own else 0, "message": found.id, "deleted": bool(found.content.details.get("deleted"))}
    more |= {"files": found.held_files()}
    return replace(event, body=event.body | more)


def _ours(event: Event) -> str:
    """Why an echo is passed over: it is of what we sent, or may be of what is just going out; empty where it is not.

    What a provider took is known by its id before its message is `sent`, which this step alone writes: so one that is
    not known, when nothing waits to be sent, is somebody else's.
    """
    if receipts.find_sent(event.channel, event.body["provider_id"]):
        _keep_receipt(event)
        return "our own"
    said = messages.last(event.thread, limit=_GOING_OUT)
    waits = any(one.direction == "out" and one.state == PENDING for one in said)
    return "not yet" if waits and _look_again(event, _ECHO_S) else ""


def _look_again(event: Event, after_s: Sequence[int] = _OVERTAKEN_S) -> bool:
    """Have a change come again that overtook its message, or an echo the answer to our call; False once that is not to
    be expected any more."""
    tries, now = int(event.body.get("tries", 0)), clock.now_ms()
    if tries == len(after_s):
        return False
    again = replace(event, body=event.body | {"tries": tries + 1})
    task = ChangeAgain(event=again.plain()).plain()
    id, due = f"changed:{event.id}:{tries}", now + after_s[tries] * 1000
    schedule.later(id=id, due_ms=due, now_ms=now, queue="timers", task=task)
    return True


def _asked_about(thread: Thread) -> dict[str, Any]:
    """What conditions may ask of the contact and the thread does not know; only read where a condition does ask."""
    row = contacts.resolve(thread.contact["id"]) if thread.contact else None
    data = dict(row.data or {}) if row is not None else {}
    return {key: data[key] for key in ("attributes", "tags") if data.get(key)}


def _moved(event: Event, said: Message) -> Event:
    """The event of a source, moved on to the next free number of its thread."""
    free = message_ranges.free_number(event.thread, said.seq)
    shift = int(event.body.get("shift", 0)) + free - said.seq
    return replace(event, body=event.body | {"shift": shift})


def _write(turn: Turn, *, was: Thread, linked: bool) -> bool:
    """Write what was decided; False where the thread changed meanwhile and the event has to be decided anew. `linked`:
    the thread is among those of its person already."""
    event, after = turn.event, turn.thread
    for timer in turn.timers:
        schedule.later(id=timer.id, due_ms=timer.due, now_ms=clock.now_ms(), queue="timers", task=timer.task.plain())
    did = beside.of_turn(turn)
    if turn.messages:
        state, first = changing(after), turn.messages[0]
        rows = [
            messages.row_of(said, after=state, beside=did.plain() if said is first else None) for said in turn.messages
        ]
        if not messages.add(rows):
            mine = _earlier_work(event, was, linked) if event.kind != SOURCE_EVENT else _earlier_row(turn)
            if mine is None:
                return False
            after = mine
    # An event of a source that came late makes nothing newer: history that is read in need not write this each time.
    spoken = turn.thread.last_at if event.kind == SOURCE_EVENT else clock.now_ms()
    said_in = [said.conversation for said in turn.messages]
    linking.carry_out(did, turn.thread, was=was, linked=linked, source=turn.source, said_in=said_in, spoken=spoken)
    if not threads.save(replace(after, version=was.version)):
        return False
    _keep_receipt(event)
    return True


def _keep_receipt(event: Event) -> None:
    if event.once:
        keep_s = receipts.KEEP_SOURCE_S if event.kind == SOURCE_EVENT else receipts.KEEP_S
        receipts.keep_event(event.thread, event.id, now_ms=clock.now_ms(), keep_s=keep_s)


def _earlier_row(turn: Turn) -> Thread | None:
    """The thread after a source's event whose row an earlier run wrote; None where the number is another event's."""
    row = message_ranges.written_by(turn.event.thread, turn.messages[0].seq, turn.event.id)
    return turn.thread if row else None


def _earlier_work(event: Event, was: Thread, linked: bool) -> Thread | None:
    """The state that this event's own messages carry, where an earlier run wrote them and was cut off.

    Messages of another event mean that that one was cut off, perhaps for good: what it left is done for it, its
    thread's state last, and None returned.
    """
    row = messages.get(was.id, was.last_seq + 1)
    if row is None:
        return None
    after = with_state(was, dict(row.after), event=str(row.event))
    if row.event == event.id:
        return after
    log.trouble("converse", thread=was.id, adopted=str(row.event))
    said = messages.of_row(row)
    did = beside.of_plain(dict(row.beside or {}), said)
    now = clock.now_ms()
    said_in = [said.conversation]
    linking.carry_out(did, after, was=was, linked=linked, source=said.source, said_in=said_in, spoken=now)
    # Replayed from the dead letters it must be known, also when the thread has long forgotten it.
    receipts.keep_event(was.id, str(row.event), now_ms=now, keep_s=receipts.KEEP_S)
    threads.save(replace(after, version=was.version))
    return None
