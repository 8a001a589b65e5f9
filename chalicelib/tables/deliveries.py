"""Table `deliveries`: lanes, what waits in them, and every attempt that was made.

A lane is `<thread>.<destination>`; its rows are ordered by `key`, the stream position of the message that
caused them. Rows are finished strictly in order, so what is still to be done is always the lane's tail: one
query backwards finds the lane's own row (`~`, there only while the lane is blocked) and the tail, whatever
the lane's length. A row's id is `dl_<lane>.<key>` and so locates it without an index.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute, PlainListAttribute

LANE = "~"
"""Range key of the lane's own row: sorts after every delivery."""
PENDING, WAITING, DELIVERED, FAILED, EXPIRED, POISON = "pending", "waiting", "delivered", "failed", "expired", "poison"
UNDONE = (PENDING, WAITING)


class ByDestination(GlobalSecondaryIndex["DeliveryRow"]):
    """Deliveries to one bot, desk, subscription or channel by time of creation."""

    class Meta:
        index_name = "by_destination"
        projection = KeysOnlyProjection()

    destination = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)


class ByBlocked(GlobalSecondaryIndex["DeliveryRow"]):
    """Lanes that wait for a destination: few, and gone when it answers again."""

    class Meta:
        index_name = "by_blocked"
        projection = KeysOnlyProjection()

    blocked_by = UnicodeAttribute(hash_key=True)
    lane = UnicodeAttribute(range_key=True)


class DeliveryRow(Model):
    """A delivery, or (key `~`) the lane itself."""

    class Meta:
        table_name = settings().table("deliveries")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    lane = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    destination = UnicodeAttribute(null=True)
    created = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    notice = PlainAttribute(null=True)
    """`domain.notice.Notice` as plain data: what is to be told."""
    attempts = PlainListAttribute(default=list)
    next_attempt_at = NumberAttribute(null=True)
    head = UnicodeAttribute(null=True)
    """Of the lane's row: key of the delivery that it waits for."""
    attempt = NumberAttribute(null=True)
    """Of the lane's row: how many attempts of the head have failed."""
    blocked_by = UnicodeAttribute(null=True)

    by_destination = ByDestination()
    by_blocked = ByBlocked()
