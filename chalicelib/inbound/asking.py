"""Accepting an event of a trigger: durable first, then its row, then the answer.

The queue's entry is the event; the row only tells how it fares, and is made later where it cannot be made now. Under
an Idempotency-Key, a receipt comes before both and keeps which id the key got: whoever repeats after a cut gets the
same id, and both are done again under it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from chalicelib.domain import recurrence
from chalicelib.domain.tasks import TriggerDue
from chalicelib.domain.thread import conversation_id, thread_id
from chalicelib.inbound.trigger import Ask
from chalicelib.ports import clock, ids, log, queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import receipts, trigger_events
from chalicelib.tables.config import Resource

SESSION_S, ANSWER_WITHIN_S = 86_400, 900
"""Defaults of a trigger."""


def accept(
    trigger: Resource, ask: Ask, *, key: str | None = None, by: str = "", posted: str = "", trace: str = ""
) -> dict[str, Any]:
    """What is answered for an event: `{"id", "status": "accepted", "session", "conversation_id"?}`.

    `key` is the Idempotency-Key of the caller `by`, and `posted` what it stands for; Problem 409 where it stood for
    something else, 400 where it is none. QueueRefused where nothing was kept. The conversation is only known where it
    is a new thread.
    """
    now = clock.now_ms()
    id, done = _of_key(trigger.id, key, by, posted, now_ms=now) if key is not None else (ids.new("te"), False)
    session = ask.key or id
    if not done:
        put(trigger, ask, id=id, at=now, trace=trace)
    answer = {"id": id, "status": trigger_events.ACCEPTED, "session": session}
    return answer | ({} if ask.key else {"conversation_id": conversation_id(thread_id(trigger.id, session), 1)})


def put(trigger: Resource, ask: Ask, *, id: str, at: int, trace: str = "") -> None:
    """Queue an event under its id and store its row; the same id again is the same event."""
    about: dict[str, Any] = trigger.body or {}
    session = ask.key or id
    thread = thread_id(trigger.id, session)
    body = {
        "id": id,
        "trigger": trigger.id,
        "service": str(trigger.service),
        "name": str(trigger.name or ""),
        "bot": about["bot_id"],
        "thread": thread,
        "session": session,
        "text": ask.text,
        "payload": ask.payload,
        "contact": {"name": ask.name, "identities": [list(one) for one in ask.identities]},
        "session_s": int(about.get("session_duration_s") or SESSION_S),
        "answer_within_s": int(about.get("answer_within_s") or ANSWER_WITHIN_S),
        "at": at,
        "trace": trace or ids.new("tc"),
    }
    queues.send("trigger-events.fifo", [Entry(body, group=thread, dedup=id)])
    try:
        trigger_events.add(trigger.id, id, session=session, thread=thread, at=at)
    except Exception:
        # The event is durable, and its step makes the row where there is none.
        log.crash("trigger.row", trigger=trigger.id, trigger_event=id)


def usable(trigger: Resource) -> Resource:
    """The trigger; Problem 409 where its owner stopped it."""
    if (trigger.body or {}).get("suspended"):
        raise Problem(409, "suspended", "the trigger is suspended by its owner")
    return trigger


def next_due(fields: dict[str, Any], *, after_ms: int) -> int | None:
    """When a trigger with these fields is due next, later than a time; None where it has no schedule."""
    if not fields.get("schedule"):
        return None
    read = recurrence.read(fields["schedule"])
    return read.after(after_ms, anchor_ms=int(fields["anchor"]), zone=fields["zone"])


def due_task(trigger: str, generation: int, due: int) -> dict[str, Any]:
    """A task of the table `schedule`, as its `keep` takes it; a row of an earlier generation is void."""
    task = TriggerDue(trigger=trigger, generation=generation, due=due)
    return {"id": f"{task.kind}:{trigger}:{generation}", "due_ms": due, "queue": "timers", "task": task.plain()}


def _of_key(trigger: str, key: str, by: str, posted: str, *, now_ms: int) -> tuple[str, bool]:
    """(id of the event that a key stands for, whether it was accepted before)."""
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Problem(400, "bad_idempotency_key", "an Idempotency-Key has 1 to 255 printable ASCII characters")
    mine = ids.new("te")
    id = receipts.event_of_key(trigger, _digest(f"{by} {key}"), _digest(posted), mine, now_ms=now_ms)
    if id is None:
        raise Problem(409, "idempotency_conflict", "the Idempotency-Key was used for another request")
    # Its row stands only once it was queued.
    return id, id != mine and trigger_events.get(trigger, id) is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
