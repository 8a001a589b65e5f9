"""What came of a delivery's attempts, as its row in table `deliveries` keeps it."""

from __future__ import annotations

from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.tables.deliveries import GIVEN_UP, UNDONE, DeliveryRow, trouble_of
from chalicelib.tables.writes import same_by_whomever, updated


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
    # Of a row that was never in trouble this is no write of the index.
    actions.append(
        DeliveryRow.trouble.set(trouble_of(str(row.destination), status))
        if status in GIVEN_UP
        else DeliveryRow.trouble.remove()
    )
    if context and not row.context:
        actions.append(DeliveryRow.context.set(context))
    if done:
        actions.append(DeliveryRow.done.set(done))
    return actions
