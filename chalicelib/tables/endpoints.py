"""Table `endpoints`: how the webhook of a bot, desk or subscription fares.

Apart from `config` because a failure must not make every reader of the service's configuration read it anew.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainListAttribute

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
    """Delivery ids of those attempts, oldest first."""
    edited = NumberAttribute(default=0)
    """1 once an inactive webhook was edited: only then may it be verified again."""
    changed_at = NumberAttribute(default=0)


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
            Endpoint.failures.set(0),
            Endpoint.failed.set([]),
            Endpoint.edited.set(int(edited)),
            Endpoint.changed_at.set(at),
        ]
    )


def count_failure(endpoint_id: str, delivery: str) -> Endpoint:
    """Count a failed attempt; gives the state after it."""
    row = Endpoint(endpoint_id)
    row.update(
        actions=[
            Endpoint.failures.set((Endpoint.failures | 0) + 1),
            Endpoint.failed.set((Endpoint.failed | []).append([delivery])),
        ]
    )
    return row


def recovered(endpoint_id: str) -> None:
    """A success ends the row of failures."""
    Endpoint(endpoint_id).update(actions=_none())


def put_recovered(writes: TransactWrite, endpoint_id: str) -> None:
    """As `recovered`, as part of a transaction."""
    writes.update(Endpoint(endpoint_id), actions=_none())


def _none() -> list[Action]:
    return [Endpoint.failures.set(0), Endpoint.failed.set([])]


def disable(endpoint_id: str, *, at: int) -> bool:
    """Switch an active webhook off; False where it was not active any more."""
    try:
        Endpoint(endpoint_id).update(
            actions=[Endpoint.status.set(INACTIVE), Endpoint.edited.set(0), Endpoint.changed_at.set(at)],
            condition=Endpoint.status == ACTIVE,
        )
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True
