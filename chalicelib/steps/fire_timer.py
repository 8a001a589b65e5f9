"""Turns a due timer into what it stands for: an event of a thread, or wake-ups of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.announcing import changes, event_bus
from chalicelib.domain import tasks
from chalicelib.domain.episode import Episode
from chalicelib.domain.event import Event, event_queue, status_event
from chalicelib.domain.figures import Fact
from chalicelib.domain.lane import lane_of, retry_queue_of
from chalicelib.domain.message import FAILED
from chalicelib.domain.order import Order
from chalicelib.figures import counting, episodes
from chalicelib.files.ordering import order
from chalicelib.inbound import asking
from chalicelib.inbound.trigger import Ask
from chalicelib.inbox import rows
from chalicelib.lanes import pump, returning
from chalicelib.lanes.dispatch import dispatch, for_the_bus
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
    return each_body(event, handle, fifo=False)


def handle(body: dict[str, Any]) -> None:
    """Fire one timer."""
    task = tasks.task_of(body)
    outcome = _DOES[type(task)](task)
    log.step("fire_timer", kind=task.kind, thread=getattr(task, "thread", None), outcome=outcome)


def _offer_expired(task: tasks.OfferExpired) -> str:
    _put(task, "offer", task.thread, task.number, body={"number": task.number})
    return "told"


def _snooze_over(task: tasks.SnoozeOver) -> str:
    body = {"number": task.number, "until": task.until}
    _put(task, "snooze", task.thread, task.number, task.until, body=body)
    return "told"


def _bot_failing(task: tasks.BotFailing) -> str:
    row = deliveries.get(task.lane, task.key)
    if row is None or row.status not in deliveries.UNDONE:
        return "the bot answered meanwhile"
    # The attempts are part of the cause: a bot that fails the same message again later is news.
    _put(task, "failing", row.id, task.attempts, body={"bot": task.bot})
    return "told"


def _answer_due(task: tasks.AnswerDue) -> str:
    """A bot that took a trigger's event and has said nothing since; while its lane still holds the event, later."""
    now, within = clock.now_ms(), int(task.answer_within_s) * 1000
    row = trigger_events.get(task.channel, task.asked)
    if row is not None and row.finished_at:
        return "answered meanwhile"
    tried = int(row.attempted_at or 0) if row is not None else 0
    held = row is not None and (not tried or _holds(lane_of(task.thread, task.bot, channel=task.channel), task.asked))
    again: dict[str, Any] = {"id": f"answer:{task.asked}", "queue": "timers", "task": task.plain()}
    if held:
        # As often as it takes: a bot may be down for days.
        schedule.again(due_ms=now + max(within, _LOOK_AGAIN_MS), **again)
        return "the bot does not have it yet"
    if tried + within > now:
        # Only after a further attempt since the last look, of which there are few.
        schedule.later(due_ms=tried + within, now_ms=now, **again)
        return "the bot has not had it for long"
    _put(task, "answer due", task.asked, body={"bot": task.bot, "asked": task.asked})
    return "told"


def _holds(lane: str, asked: str) -> bool:
    return any((row.notice or {}).get("asked") == asked for row in deliveries.tail(lane).undone)


def _trigger_due(task: tasks.TriggerDue) -> str:
    """A trigger whose schedule is due. The next time is kept first: whatever becomes of this one, the row goes on.

    What was missed while nothing ran is made up for once: the next time is the first after now.
    """
    trigger, due, now = config.get("trigger", task.trigger), int(task.due), clock.now_ms()
    if trigger is None or trigger.body["generation"] != task.generation:
        return "another schedule stands"
    following = asking.next_due(trigger.body, after_ms=max(due, now))
    if following is not None:
        schedule.again(**asking.due_task(trigger.id, task.generation, following))
    if trigger.body.get("suspended"):
        return "suspended"
    id = ids.at_from_cause("te", due, trigger.id, due)
    asking.put(trigger, Ask(trigger.body.get("text") or ""), id=id, at=now)
    return "asked"


def _watched(task: tasks.LaneWatch) -> str:
    """Some minutes after a lane was to move: it did, or what should have moved it is lost, whatever the reason."""
    lane, state = task.lane, deliveries.tail(task.lane)
    if not state.undone:
        return "done"
    if state.row is None:
        pump.wake(lane, dead=task.dead)
        return "woken"
    if (state.row.head, int(state.row.attempt or 0)) != (task.head, task.attempt) or not state.row.due:
        return "blocked by another"
    if int(state.row.due) > clock.now_ms():
        # Put off since, for its turn: who did so has somebody look after that.
        return "not due yet"
    schedule.watch(lane, head=task.head, attempt=task.attempt, after_ms=clock.now_ms())
    queues.send(retry_queue_of(lane), [Entry(Order(lane, head=task.head, attempt=task.attempt).plain())])
    log.trouble("lane.overdue", lane=lane, late_ms=clock.now_ms() - int(state.row.due))
    return "tried again"


def _late_status(task: tasks.LateStatus) -> str:
    """A provider's status that came before we had stored the provider's id of the message."""
    found = receipts.find_sent(task.channel, task.provider_id)
    if found is None:
        tries = int(task.tries) + 1
        if tries >= _STATUS_TRIES:
            return "no such message"
        wait_s = min(2**tries, queues.MOST_DELAY_S)
        queues.send("timers", [Entry(replace(task, tries=tries).plain(), delay_s=wait_s)])
        return "not yet"
    if found.part and task.state != FAILED:
        return "of a part"
    event = status_event(
        thread=found.thread,
        seq=found.seq,
        part=found.part,
        state=task.state,
        at=task.at,
        service=task.service,
        channel=task.channel,
        channel_kind=task.channel_kind,
        error=dict(task.error) if task.error else None,
    )
    queues.send("threads.fifo", [Entry(event.plain(), group=found.thread, dedup=event.id)])
    return "told"


def _change_again(task: tasks.ChangeAgain) -> str:
    """An edit, deletion or reaction that came before the message it is about, or an echo before our answer."""
    event = Event.of(dict(task.event))
    # The queue would take the same id within five minutes for a repeat.
    dedup = f"{event.id}.{event.body['tries']}"
    queues.send(event_queue(event.channel), [Entry(event.plain(), group=event.thread, dedup=dedup)])
    return "told"


def _put(task: tasks.ThreadTask, *cause: str | int, body: dict[str, Any]) -> None:
    event = Event(
        id=ids.from_cause("ev", *cause),
        kind=task.kind,
        service=task.service,
        channel=task.channel,
        channel_kind=task.channel_kind,
        address=task.address,
        thread=task.thread,
        at=clock.now_ms(),
        body=body,
    )
    queues.send(event_queue(event.channel), [Entry(event.plain(), group=event.thread, dedup=event.id)])


def _forget_files(task: tasks.ForgetFiles) -> str:
    """Copies of the files of a message that its customer has deleted; who asks for one now is answered 404.

    Twice: whoever was fetching one meanwhile has kept it by then, and the message says that it is deleted.
    """
    media.remove(list(task.files))
    if not task.again:
        id, due = f"forget:{task.message}:again", clock.now_ms() + _FORGET_AGAIN_MS
        again = replace(task, again=True).plain()
        schedule.later(id=id, due_ms=due, now_ms=clock.now_ms(), queue="timers", task=again)
    return f"{len(task.files)} files"


def _message_again(task: tasks.MessageAgain) -> str:
    """A message that `fan_out` could not carry out, at a person's wish."""
    row = messages.get(task.thread, int(task.seq))
    if row is None:
        return "no such message"
    message, status = messages.of_row(row), bool(task.status)
    told = dispatch(message, position=task.position, status=status, again=True)
    order([] if status else [message])
    event_bus.publish(for_the_bus(message, status=status))
    return f"{told} deliveries"


def _announce_again(task: tasks.AnnounceAgain) -> str:
    """A change that `announce` could not tell, at a person's wish."""
    return ",".join(changes.announce(task.table, task.name, dict(task.change), again=True)) or "nothing"


def _observe_again(task: tasks.ObserveAgain) -> str:
    """A change of a thread that could not be shown, at a person's wish; void where a later one is shown."""
    return f"{rows.follow([dict(task.change)])} rows"


def _count_again(task: tasks.CountAgain) -> str:
    """What `observe` could not count, at a person's wish."""
    if task.episode:
        episodes.keep(Episode.of(task.episode))
    return f"{counting.count([Fact.of(one) for one in task.facts])} counted"


def _bus_again(task: tasks.BusAgain) -> str:
    """An event that the bus did not take; raises where it still does not, so that the queue brings it again."""
    if bus.put([dict(task.event)]):
        raise BusRefused(task.event["id"])
    return "put"


_DOES: dict[type[tasks.Task], Callable[[Any], str]] = {
    tasks.OfferExpired: _offer_expired,
    tasks.SnoozeOver: _snooze_over,
    tasks.BotFailing: _bot_failing,
    tasks.AnswerDue: _answer_due,
    tasks.TriggerDue: _trigger_due,
    tasks.EndpointBack: returning.sweep,
    tasks.LanesTry: returning.try_all,
    tasks.LaneWatch: _watched,
    tasks.LateStatus: _late_status,
    tasks.ChangeAgain: _change_again,
    tasks.ForgetFiles: _forget_files,
    tasks.MessageAgain: _message_again,
    tasks.AnnounceAgain: _announce_again,
    tasks.ObserveAgain: _observe_again,
    tasks.CountAgain: _count_again,
    tasks.BusAgain: _bus_again,
}
