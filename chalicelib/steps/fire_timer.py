"""Turns a due timer into what it stands for: an event of a thread, or wake-ups of lanes."""

from __future__ import annotations

from typing import Any

from chalicelib.domain import event as kinds
from chalicelib.domain.changed import FORGET_FILES
from chalicelib.domain.event import Event, event_queue, status_event
from chalicelib.domain.lane import lane_of, retry_queue_of
from chalicelib.domain.platform_event import ENABLED
from chalicelib.domain.stored import UnknownKind
from chalicelib.inbound import asking
from chalicelib.inbound.trigger import Ask
from chalicelib.lanes import announcing, publishing, pump, returning
from chalicelib.lanes.spread import for_the_bus, spread
from chalicelib.ports import bus, clock, ids, log, media, queues
from chalicelib.ports.lambdas import each_body
from chalicelib.ports.queues import Entry
from chalicelib.tables import config, deliveries, messages, receipts, schedule, trigger_events

_STATUS_TRIES = 8
_LOOK_AGAIN_MS = 60_000
_FORGET_AGAIN_MS = 90_000


class BusRefused(Exception):
    """The event bus does not take an event."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `timers`."""
    return each_body(event, context, handle, fifo=False)


def handle(body: dict[str, Any]) -> None:
    """Fire one timer."""
    if body["kind"] not in _BY_KIND:
        raise UnknownKind(body["kind"])
    outcome = _BY_KIND[body["kind"]](body)
    log.step("fire_timer", kind=body["kind"], thread=body.get("thread"), outcome=outcome)


def _offer_expired(body: dict[str, Any]) -> str:
    _put(body, "offer", body["thread"], body["number"], keep=("number",))
    return "told"


def _bot_failing(body: dict[str, Any]) -> str:
    row = deliveries.get(body["lane"], body["key"])
    if row is None or row.status not in deliveries.UNDONE:
        return "the bot answered meanwhile"
    # The attempts are part of the cause: a bot that fails the same message again later is news.
    _put(body, "failing", row.id, body["attempts"], keep=("bot",))
    return "told"


def _answer_due(body: dict[str, Any]) -> str:
    """A bot that took a trigger's event and has said nothing since; while its lane still holds the event, later."""
    now, within = clock.now_ms(), int(body["answer_within_s"]) * 1000
    row = trigger_events.get(body["channel"], body["asked"])
    if row is not None and row.finished_at:
        return "answered meanwhile"
    tried = int(row.attempted_at or 0) if row is not None else 0
    held = row is not None and (
        not tried or _holds(lane_of(body["thread"], body["bot"], channel=body["channel"]), body["asked"])
    )
    task: dict[str, Any] = {"id": f"answer:{body['asked']}", "queue": "timers", "task": body}
    if held:
        # As often as it takes: a bot may be down for days.
        schedule.again(due_ms=now + max(within, _LOOK_AGAIN_MS), **task)
        return "the bot does not have it yet"
    if tried + within > now:
        # Only after a further attempt since the last look, of which there are few.
        schedule.later(due_ms=tried + within, now_ms=now, **task)
        return "the bot has not had it for long"
    _put(body, "answer due", body["asked"], keep=("bot", "asked"))
    return "told"


def _holds(lane: str, asked: str) -> bool:
    return any((row.notice or {}).get("asked") == asked for row in deliveries.tail(lane).undone)


def _trigger_due(body: dict[str, Any]) -> str:
    """A trigger whose schedule is due. The next time is kept first: whatever becomes of this one, the row goes on.

    What was missed while nothing ran is made up for once: the next time is the first after now.
    """
    trigger, due, now = config.get("trigger", body["trigger"]), int(body["due"]), clock.now_ms()
    if trigger is None or trigger.body["generation"] != body["generation"]:
        return "another schedule stands"
    following = asking.next_due(trigger.body, after_ms=max(due, now))
    if following is not None:
        schedule.again(**asking.due_task(trigger.id, body["generation"], following))
    if trigger.body.get("suspended"):
        return "suspended"
    id = ids.at_from_cause("te", due, trigger.id, due)
    asking.put(trigger, Ask(trigger.body.get("text") or ""), id=id, at=now)
    return "asked"


def _watched(body: dict[str, Any]) -> str:
    """Some minutes after a lane was to move: it did, or what should have moved it is lost, whatever the reason."""
    lane, state = body["lane"], deliveries.tail(body["lane"])
    if not state.undone:
        return "done"
    if state.row is None:
        pump.wake(lane, dead=body["dead"])
        return "woken"
    if (state.row.head, int(state.row.attempt or 0)) != (body["head"], body["attempt"]) or not state.row.due:
        return "blocked by another"
    task = {"head": body["head"], "attempt": body["attempt"]}
    schedule.watch(lane, **task, after_ms=clock.now_ms())
    queues.send(retry_queue_of(lane), [Entry({"lane": lane} | task)])
    log.trouble("lane.overdue", lane=lane, late_ms=clock.now_ms() - int(state.row.due))
    return "tried again"


def _status(body: dict[str, Any]) -> str:
    """A provider's status that came before we had stored the provider's id of the message."""
    found = receipts.find_sent(body["channel"], body["provider_id"])
    if found is None:
        tries = int(body.get("tries", 0)) + 1
        if tries >= _STATUS_TRIES:
            return "no such message"
        queues.send("timers", [Entry(body | {"tries": tries}, delay_s=min(2**tries, queues.MOST_DELAY_S))])
        return "not yet"
    thread, seq = found
    event = status_event(
        thread=thread,
        seq=seq,
        state=body["state"],
        at=body["at"],
        service=body["service"],
        channel=body["channel"],
        channel_kind=body["channel_kind"],
        error=body.get("error"),
    )
    queues.send("threads.fifo", [Entry(event.plain(), group=thread, dedup=event.id)])
    return "told"


def _changed(body: dict[str, Any]) -> str:
    """An edit, deletion or reaction that came before the message it is about."""
    event = Event.of(body["event"])
    # The queue would take the same id within five minutes for a repeat.
    dedup = f"{event.id}.{event.body['tries']}"
    queues.send(event_queue(event.channel), [Entry(event.plain(), group=event.thread, dedup=dedup)])
    return "told"


def _put(body: dict[str, Any], *cause: str | int, keep: tuple[str, ...]) -> None:
    event = Event(
        id=ids.from_cause("ev", *cause),
        kind=body["kind"],
        service=body["service"],
        channel=body["channel"],
        channel_kind=body["channel_kind"],
        address=body["address"],
        thread=body["thread"],
        at=clock.now_ms(),
        body={key: body[key] for key in keep},
    )
    queues.send(event_queue(event.channel), [Entry(event.plain(), group=event.thread, dedup=event.id)])


def _files_forgotten(body: dict[str, Any]) -> str:
    """Copies of the files of a message that its customer has deleted; who asks for one now is answered 404.

    Twice: whoever was fetching one meanwhile has kept it by then, and the message says that it is deleted.
    """
    media.remove(body["files"])
    if not body.get("again"):
        id, due = f"forget:{body['message']}:again", clock.now_ms() + _FORGET_AGAIN_MS
        schedule.later(id=id, due_ms=due, now_ms=clock.now_ms(), queue="timers", task=body | {"again": True})
    return f"{len(body['files'])} files"


def _message_again(body: dict[str, Any]) -> str:
    """A message that `fan_out` could not carry out, at a person's wish."""
    row = messages.get(body["thread"], int(body["seq"]))
    if row is None:
        return "no such message"
    message, status = messages.of_row(row), bool(body["status"])
    told = spread(message, position=body["position"], status=status, again=True)
    publishing.publish(for_the_bus(message, status=status))
    return f"{told} deliveries"


def _announce_again(body: dict[str, Any]) -> str:
    """A change that `announce` could not tell, at a person's wish."""
    return ",".join(announcing.announce(body["table"], body["name"], body["change"], again=True)) or "nothing"


def _bus_again(body: dict[str, Any]) -> str:
    """An event that the bus did not take; raises where it still does not, so that the queue brings it again."""
    if bus.put([body["event"]]):
        raise BusRefused(body["event"]["id"])
    return "put"


_BY_KIND = {
    kinds.OFFER_EXPIRED: _offer_expired,
    kinds.BOT_FAILING: _bot_failing,
    kinds.ANSWER_DUE: _answer_due,
    asking.DUE: _trigger_due,
    ENABLED: returning.sweep,
    schedule.WATCH: _watched,
    "status": _status,
    kinds.CUSTOMER_CHANGED: _changed,
    FORGET_FILES: _files_forgotten,
    "message.again": _message_again,
    announcing.AGAIN: _announce_again,
    publishing.AGAIN: _bus_again,
}
