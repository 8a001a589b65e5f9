"""The row `~` of a lane in table `deliveries`: there while the lane is blocked, leased by whoever tries its head."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.tables import deliveries
from chalicelib.tables.deliveries import LANE, DeliveryRow
from chalicelib.tables.writes import deleted, same_by_whomever, updated


def block(
    lane: str,
    *,
    head: str,
    blocked_by: str,
    created: str = "",
    attempt: int = 0,
    due: int | None = None,
    trouble: bool = True,
) -> None:
    """Block a lane: until `due` for the next attempt of its head, or, without `due`, until its destination is back.
    `created` is its head's; `trouble`: something is wrong with it."""
    row = DeliveryRow(lane=lane, key=LANE, head=head, attempt=attempt, due=due, blocked_by=blocked_by)
    row.created = created or None
    row.trouble = deliveries.trouble_of(blocked_by, deliveries.WAITING) if trouble else None
    row.save()


def lease(lane: str, *, by: str, head: str, attempt: int, now: int, until: int) -> DeliveryRow | None:
    """Claim the due retry of a lane for the run `by`; None where it is another's, not due, or long done."""
    due = (DeliveryRow.head == head) & (DeliveryRow.attempt == attempt) & (DeliveryRow.due <= now)
    return _leased(lane, due, by=by, now=now, until=until)


def lease_now(lane: str, *, by: str, held: bool, now: int, until: int) -> DeliveryRow | None:
    """Claim a blocked lane before it is due (`held`: only where it waits for its destination's return)."""
    return _leased(lane, _blocked(held=held), by=by, now=now, until=until)


def _blocked(*, held: bool) -> Condition:
    return DeliveryRow.head.exists() & DeliveryRow.due.does_not_exist() if held else DeliveryRow.head.exists()


def _leased(lane: str, condition: Condition, *, by: str, now: int, until: int) -> DeliveryRow | None:
    row = DeliveryRow(lane, LANE)
    free = DeliveryRow.leased_until.does_not_exist() | (DeliveryRow.leased_until < now)
    taken = [DeliveryRow.leased_until.set(until), DeliveryRow.leased_by.set(by)]
    standing: list[DeliveryRow | None] = []

    def ours() -> bool:
        standing.append(deliveries.get(lane, LANE))
        return standing[0] is not None and standing[0].leased_by == by

    return (standing[0] if standing else row) if updated(row, taken, condition & free, ours=ours) else None


def release(lane: str, *, by: str) -> None:
    """Give a lease back; nothing happens where it is over."""
    gone = [DeliveryRow.leased_until.remove(), DeliveryRow.leased_by.remove()]
    updated(DeliveryRow(lane, LANE), gone, DeliveryRow.leased_by == by, ours=same_by_whomever)


def unblock(lane: str, *, by: str = "") -> None:
    """Open a lane that the run `by` has leased, or else one that nobody has; another's stays as it is."""
    mine = DeliveryRow.leased_by == by if by else DeliveryRow.leased_by.does_not_exist()
    deleted(DeliveryRow(lane, LANE), mine, ours=same_by_whomever)


def call(lane: str, *, by: str, held: bool, now: int, until: int) -> DeliveryRow | None:
    """Note that an order to try a lane at once is on its way; None where one is already, or nobody needs it."""
    return _called(lane, _blocked(held=held), (), by=by, now=now, until=until)


def bring_forward(lane: str, *, by: str, now: int, until: int) -> DeliveryRow | None:
    """As `call`, of a lane that waits for a retry, which is due now instead of later. It stays that retry: whoever
    makes it first makes the others void, the one in the schedule too."""
    waits = DeliveryRow.head.exists() & DeliveryRow.due.exists()
    return _called(lane, waits, (DeliveryRow.due.set(now),), by=by, now=now, until=until)


def _called(
    lane: str, condition: Condition, more: tuple[Action, ...], *, by: str, now: int, until: int
) -> DeliveryRow | None:
    row = DeliveryRow(lane, LANE)
    quiet = DeliveryRow.called_until.does_not_exist() | (DeliveryRow.called_until < now)
    standing: list[DeliveryRow | None] = []

    def ours() -> bool:
        standing.append(deliveries.get(lane, LANE))
        return standing[0] is not None and standing[0].called_by == by

    called = updated(
        row,
        [DeliveryRow.called_until.set(until), DeliveryRow.called_by.set(by), *more],
        condition & quiet,
        ours=ours,
    )
    return (standing[0] if standing else row) if called else None


def blocked(destination: str, *, after: str = "") -> Iterator[str]:
    """Lanes that wait for a destination, in the order of their names, from behind one of them."""
    beyond = DeliveryRow.lane > after if after else None
    for row in DeliveryRow.by_blocked.query(destination, beyond):
        yield str(row.lane)


def count_blocked(destination: str) -> int:
    """How many lanes wait for a destination, by the index: some 7 lanes for 1 KB that is read."""
    return DeliveryRow.by_blocked.count(destination)
