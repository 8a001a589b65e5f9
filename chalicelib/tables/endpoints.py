"""Table `endpoints`: how the webhook of a bot, desk or subscription fares.

Apart from `config` because a failure must not make every reader of the service's configuration read it anew.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.ports import ids
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainListAttribute
from chalicelib.tables.writes import same_by_whomever, updated

_MOST_FAILED, _KEPT_FAILED = 50, 10
UNVERIFIED, ACTIVE, INACTIVE, SUSPENDED = "unverified", "active", "inactive", "suspended"


class Endpoint(Model):
    """State of one webhook; the key is the id of the bot, desk or subscription."""

    class Meta:
        table_name = settings().table("endpoints")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    id = UnicodeAttribute(hash_key=True)
    status = UnicodeAttribute(default=UNVERIFIED)
    failures = NumberAttribute(default=0)
    """Consecutive failed attempts."""
    failed = PlainListAttribute(default=list)
    """Delivery ids of the last of those attempts, oldest first."""
    failing_since = NumberAttribute(null=True)
    """When the first of them was made, in milliseconds since the epoch."""
    counted = UnicodeSetAttribute(null=True)
    """A mark of each of those attempts: one whose count is repeated, because the answer was lost, counts once."""
    edited = NumberAttribute(default=0)
    """1 once an inactive webhook was edited: only then may it be verified again."""
    changed_at = NumberAttribute(default=0)
    swept_at = NumberAttribute(null=True)
    """When its lanes were last gone through because it was back; `swept_of`: its return that this was for."""
    swept_of = NumberAttribute(null=True)


def get(endpoint_id: str) -> Endpoint:
    """The state, read consistently; an unverified one where nothing is stored."""
    try:
        return Endpoint.get(endpoint_id, consistent_read=True)
    except Endpoint.DoesNotExist:
        return Endpoint(endpoint_id, status=UNVERIFIED)


def set_status(endpoint_id: str, status: str, *, at: int, edited: bool = False) -> None:
    """Set the status and forget earlier failures."""
    Endpoint(endpoint_id).update(
        actions=[
            Endpoint.status.set(status),
            *none_failed(),
            Endpoint.edited.set(int(edited)),
            Endpoint.changed_at.set(at),
        ]
    )


def count_failure(endpoint_id: str, delivery: str, *, at: int) -> Endpoint:
    """Count an attempt that failed at a time; gives the state after it."""
    row, mark = Endpoint(endpoint_id), ids.token(9)
    actions: list[Action] = [
        Endpoint.failures.set((Endpoint.failures | 0) + 1),
        Endpoint.failed.set((Endpoint.failed | []).append([delivery])),
        Endpoint.failing_since.set(Endpoint.failing_since | at),
        Endpoint.counted.add({mark}),
    ]
    if not updated(row, actions, ~Endpoint.counted.contains(mark), ours=same_by_whomever):
        row = get(endpoint_id)
    if len(row.failed) > _MOST_FAILED:
        # Many customers may meet a webhook that fails before it counts as down: the row must not grow with them.
        kept: list[Action] = [Endpoint.failed.set(list(row.failed)[-_KEPT_FAILED:]), Endpoint.counted.set({mark})]
        updated(Endpoint(endpoint_id), kept, Endpoint.failures == row.failures, ours=same_by_whomever)
    return row


def recovered(endpoint_id: str) -> None:
    """A success ends the row of failures."""
    Endpoint(endpoint_id).update(actions=none_failed())


def put_recovered(writes: TransactWrite, endpoint_id: str) -> None:
    """As `recovered`, as part of a transaction."""
    writes.update(Endpoint(endpoint_id), actions=none_failed())


def begin_sweep(endpoint_id: str, *, of: int, now: int, rest_ms: int) -> bool:
    """Note that the lanes of a webhook are gone through because of its return at `of`; False where that was just done
    for an earlier return."""
    row = Endpoint
    free = (row.swept_of == of) | row.swept_at.does_not_exist() | (row.swept_at <= now - rest_ms)
    return updated(Endpoint(endpoint_id), [row.swept_at.set(now), row.swept_of.set(of)], free, ours=same_by_whomever)


def none_failed() -> list[Action]:
    """What an update forgets failures by."""
    return [
        Endpoint.failures.set(0),
        Endpoint.failed.set([]),
        Endpoint.failing_since.remove(),
        Endpoint.counted.remove(),
    ]


def disable(endpoint_id: str, *, at: int) -> bool:
    """Switch an active webhook off; False where it was not active any more, or was verified since."""
    actions: list[Action] = [Endpoint.status.set(INACTIVE), Endpoint.edited.set(0), Endpoint.changed_at.set(at)]
    standing = (Endpoint.status == ACTIVE) & (Endpoint.changed_at <= at)
    return updated(Endpoint(endpoint_id), actions, standing, ours=same_by_whomever)
