"""Table `trigger_events`: what became of each event of a trigger, newest last within its trigger.

An event's id sorts by the time of its making, so the history needs no index.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.writes import same_by_whomever, saved, updated

ACCEPTED, RUNNING, SUCCEEDED, FAILED = "accepted", "running", "succeeded", "failed"
KEEP_S = 90 * 86_400


class TriggerEvent(Model):
    """One event of a trigger."""

    class Meta:
        table_name = settings().table("trigger_events")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    trigger = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    status = UnicodeAttribute(default=ACCEPTED)
    session = UnicodeAttribute(null=True)
    thread = UnicodeAttribute(null=True)
    conversation = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    reply = UnicodeAttribute(null=True)
    error = PlainAttribute(null=True)
    attempts = NumberAttribute(default=0)
    """How often the bot was tried."""
    attempted_at = NumberAttribute(null=True)
    """When it was tried last."""
    accepted_at = NumberAttribute()
    finished_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    """TTL, in seconds since the epoch."""


def add(trigger: str, id: str, *, session: str, thread: str, at: int) -> None:
    """Store an accepted event; one that is there already, however far it has come, stays as it is."""
    row = TriggerEvent(
        trigger=trigger, id=id, session=session, thread=thread, accepted_at=at, expires=at // 1000 + KEEP_S
    )
    saved(row, TriggerEvent.id.does_not_exist(), ours=same_by_whomever)


def running(trigger: str, id: str, *, session: str, thread: str, at: int, contact: str = "") -> None:
    """The event is on its way to the bot; changes nothing once it has come further.

    An event whose row could not be stored when it was accepted gets it here, with the same content.
    """
    row = TriggerEvent
    facts: list[tuple[Any, Any]] = [(row.session, session), (row.thread, thread), (row.accepted_at, at)]
    facts += [(row.attempts, 0), (row.expires, at // 1000 + KEEP_S)]
    actions: list[Action] = [row.status.set(RUNNING)]
    actions += [attribute.set(attribute | value) for attribute, value in facts]
    if contact:
        actions.append(row.contact.set(contact))
    _conditionally(trigger, id, actions, row.id.does_not_exist() | (row.status == ACCEPTED))


def attempted(trigger: str, id: str, n: int, *, at: int) -> None:
    """The bot is being tried for the n-th time."""
    actions: list[Action] = [TriggerEvent.attempts.set(n), TriggerEvent.attempted_at.set(at)]
    _update(trigger, id, actions, condition=TriggerEvent.attempts <= n)


def finish(
    trigger: str,
    id: str,
    *,
    status: str,
    at: int,
    conversation: str = "",
    reply: str = "",
    error: dict[str, Any] | None = None,
) -> None:
    """Store the outcome; the first one stands."""
    actions: list[Action] = [TriggerEvent.status.set(status), TriggerEvent.finished_at.set(at)]
    for attribute, value in ((TriggerEvent.conversation, conversation), (TriggerEvent.reply, reply)):
        if value:
            actions.append(attribute.set(value))
    if error:
        actions.append(TriggerEvent.error.set(error))
    _update(trigger, id, actions, condition=TriggerEvent.status.is_in(ACCEPTED, RUNNING))


def begun(trigger: str, id: str, conversation: str) -> None:
    """The event stands in a conversation."""
    _update(
        trigger,
        id,
        [TriggerEvent.conversation.set(conversation)],
        condition=TriggerEvent.conversation.does_not_exist(),
    )


def get(trigger: str, id: str) -> TriggerEvent | None:
    """One event, read consistently."""
    try:
        return TriggerEvent.get(trigger, id, consistent_read=True)
    except TriggerEvent.DoesNotExist:
        return None


def newest(trigger: str, *, before: str, limit: int) -> list[TriggerEvent]:
    """The last events of a trigger before one of them, the newest first."""
    condition = TriggerEvent.id < before if before else None
    return list(TriggerEvent.query(trigger, condition, limit=limit, scan_index_forward=False, consistent_read=True))


def _update(trigger: str, id: str, actions: list[Action], *, condition: Any) -> None:
    _conditionally(trigger, id, actions, TriggerEvent.id.exists() & condition)


def _conditionally(trigger: str, id: str, actions: list[Action], condition: Any) -> None:
    updated(TriggerEvent(trigger, id), actions, condition, ours=same_by_whomever)
