"""What came of a delivery's attempts, as its row in table `deliveries` keeps it."""

from __future__ import annotations

from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.tables.deliveries import GIVEN_UP, UNDONE, UNKNOWN, DeliveryRow, get, newest, trouble_of
from chalicelib.tables.writes import same_by_whomever, updated


def begin(row: DeliveryRow, *, by: str) -> bool:
    """Note before the call that the run `by` makes the next attempt; False where another has begun it, or the delivery
    is finished or gone."""
    lane, key, mark = str(row.lane), str(row.key), f"{_next(row)}.{by}"
    free = DeliveryRow.begun.does_not_exist() | ~DeliveryRow.begun.startswith(f"{_next(row)}.")

    def ours() -> bool:
        standing = get(lane, key)
        return standing is not None and standing.begun == mark

    actions = [DeliveryRow.begun.set(mark)]
    if not updated(DeliveryRow(lane, key), actions, DeliveryRow.status.is_in(*UNDONE) & free, ours=ours):
        return False
    row.begun = mark
    return True


def has_begun(row: DeliveryRow) -> bool:
    """Whether a run has begun the next attempt of a delivery, and nobody has recorded what came of it."""
    return str(row.begun or "").startswith(f"{_next(row)}.")


def _next(row: DeliveryRow) -> int:
    return len(row.attempts) + 1


def put_off(row: DeliveryRow, place: str, *, until: int) -> None:
    """Keep the place that the next attempt has among others."""
    actions = [DeliveryRow.place.set(place), DeliveryRow.next_attempt_at.set(until)]
    updated(row, actions, DeliveryRow.status.is_in(*UNDONE), ours=same_by_whomever)


def find_out(lane: str, seq: int, status: str) -> bool:
    """Note what has become after all of an unknown delivery of a lane, which tells of a thread's message of that
    number; False where there is none among the last of it."""
    for row in newest(lane, limit=_LAST):
        if row.status == UNKNOWN and row.notice and row.notice.get("seq") == seq:
            actions = [DeliveryRow.status.set(status), _trouble(row, status)]
            return updated(row, actions, DeliveryRow.status == UNKNOWN, ours=same_by_whomever)
    return False


_LAST = 20
"""Deliveries behind an unknown one, at most, while its provider may still say what became of it."""


def record(
    row: DeliveryRow,
    status: str,
    attempt: dict[str, Any] | None,
    *,
    next_attempt_at: int | None = None,
    context: dict[str, Any] | None = None,
    done: int = 0,
) -> None:
    """Store what came of an attempt, or of giving up without one. What is finished never waits again."""
    actions = _changes(row, status, attempt, next_attempt_at=next_attempt_at, context=context, done=done)
    if status in UNDONE:
        updated(row, actions, DeliveryRow.status.is_in(*UNDONE), ours=same_by_whomever)
    else:
        row.update(actions=actions)


def put_record(writes: TransactWrite, row: DeliveryRow, status: str, attempt: dict[str, Any] | None) -> None:
    """As `record`, as part of a transaction."""
    writes.update(row, actions=_changes(row, status, attempt))


def _changes(
    row: DeliveryRow,
    status: str,
    attempt: dict[str, Any] | None,
    *,
    next_attempt_at: int | None = None,
    context: dict[str, Any] | None = None,
    done: int = 0,
) -> list[Action]:
    attempts = [*row.attempts, attempt] if attempt else list(row.attempts)
    actions: list[Action] = [DeliveryRow.status.set(status), DeliveryRow.attempts.set(attempts)]
    actions.append(
        DeliveryRow.next_attempt_at.set(next_attempt_at) if next_attempt_at else DeliveryRow.next_attempt_at.remove()
    )
    actions.append(_trouble(row, status))
    if context and not row.context:
        actions.append(DeliveryRow.context.set(context))
    if done:
        actions.append(DeliveryRow.done.set(done))
    return actions


def _trouble(row: DeliveryRow, status: str) -> Action:
    """Who has to look after it, or nobody: of a row that was never in trouble that is no write of the index."""
    trouble = DeliveryRow.trouble
    return trouble.set(trouble_of(str(row.destination), status)) if status in GIVEN_UP else trouble.remove()
