"""Table `deliveries`: lanes, what waits in them, and every attempt that was made.

A lane's rows (its name: domain/lane.py) are ordered by `key`, the stream position of the message that
caused them. Rows are finished strictly in order, so what is still to be done is always the lane's tail: one
query backwards finds the lane's own row (`~`, there only while the lane is blocked) and the tail, whatever
the lane's length. A row's id is `dl_<lane>-<key>` and so locates it without an index.
"""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain.lane import thread_of
from chalicelib.domain.notice import Notice
from chalicelib.domain.resource_id import service_of
from chalicelib.ports.settings import settings
from chalicelib.tables import batch_get
from chalicelib.tables.attributes import PlainAttribute, PlainListAttribute
from chalicelib.tables.writes import same_by_whomever, saved, updated

LANE = "~"
"""Range key of the lane's own row: sorts after every delivery."""
PENDING, WAITING, DELIVERED, FAILED, EXPIRED, POISON = "pending", "waiting", "delivered", "failed", "expired", "poison"
UNKNOWN = "unknown"
"""Nobody knows whether the other side has it, and it could not tell a repeat: only a person sends it again."""
UNDONE = (PENDING, WAITING)
GIVEN_UP = (FAILED, EXPIRED, POISON, UNKNOWN)
FINISHED = (DELIVERED, *GIVEN_UP)
TROUBLE = (WAITING, *GIVEN_UP)
"""What somebody may have to look after, and what `by_trouble` holds: what goes well costs it nothing."""


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


class ByTrouble(GlobalSecondaryIndex["DeliveryRow"]):
    """Of a service: lanes that wait, by their heads' creation, and what was given up and not replayed."""

    class Meta:
        index_name = "by_trouble"
        projection = IncludeProjection(["head"])

    trouble = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)
    head = UnicodeAttribute(null=True)


class DeliveryRow(Model):
    """A delivery, or (key `~`) the lane itself."""

    class Meta:
        table_name = settings().table("deliveries")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

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
    due = NumberAttribute(null=True)
    """Of the lane's row: when the head is tried again; absent while it is held."""
    leased_until = NumberAttribute(null=True)
    """Of the lane's row: an attempt is under way until then."""
    leased_by = UnicodeAttribute(null=True)
    """Of the lane's row: which run makes that attempt. A name of its own for each, so that it knows its own lease."""
    called_until = NumberAttribute(null=True)
    """Of the lane's row: an order to try it at once is on its way until then, given by `called_by`."""
    called_by = UnicodeAttribute(null=True)
    done = NumberAttribute(null=True)
    """How many parts went out on attempts that failed: the next leaves them out. Absent where none did."""
    begun = UnicodeAttribute(null=True)
    """`<n>.<run>`: which attempt has begun, and the run that makes it, where the other side cannot tell a repeat."""
    place = UnicodeAttribute(null=True)
    """`<n>.<queue>.<time>`: when the n-th attempt may be made, of what waits for its turn (`lanes.pacing`)."""
    context = PlainAttribute(null=True)
    """Recent messages that a failed attempt told, and the next tells too."""
    replay_of = UnicodeAttribute(null=True)
    """Of a replay: id of the first delivery, which it repeats under that id."""
    replayed_as = UnicodeAttribute(null=True)
    """Of what was replayed: key of its last replay."""
    trouble = UnicodeAttribute(null=True)
    """`<service>#<status>` of what was given up, `<service>#waiting` of a lane's own row; absent in all else."""

    by_destination = ByDestination()
    by_blocked = ByBlocked()
    by_trouble = ByTrouble()

    @property
    def id(self) -> str:
        return delivery_id(str(self.lane), str(self.key))


def delivery_id(lane: str, key: str) -> str:
    """A delivery's id; it locates the row. No full stops: Standard Webhooks joins what it signs with them."""
    return f"dl_{lane}-{key}"


def trouble_of(destination: str, status: str) -> str:
    """Under what `by_trouble` finds what went wrong on the way to a destination."""
    return f"{service_of(destination)}#{status}"


def in_trouble(service: str, status: str, *, before: str = "", newest: bool = True, limit: int) -> list[DeliveryRow]:
    """Places of what is in a trouble (of TROUBLE), by time of creation: their `lane`, `key`, `created`, and of a lane's
    own row `head`."""
    older = DeliveryRow.created < before if before else None
    return list(DeliveryRow.by_trouble.query(f"{service}#{status}", older, scan_index_forward=not newest, limit=limit))


def parse_delivery_id(delivery: str) -> tuple[str, str] | None:
    """(lane, key), or None for what cannot be an id of ours."""
    lane, _, key = delivery.removeprefix("dl_").rpartition("-")
    return (lane, key) if delivery.startswith("dl_") and lane and key and key != LANE else None


_TAIL = 3
"""A healthy lane's tail is one undone delivery, or few, and then a finished one: more rows would be read in vain."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is still to be done in a lane."""

    row: DeliveryRow | None
    """The lane's own row; there only while it is blocked."""
    undone: list[DeliveryRow]
    """Oldest first."""


def tail(lane: str) -> Lane:
    """The lane's own row and what is undone, by one query backwards that stops at the first finished delivery."""
    own: DeliveryRow | None = None
    undone: list[DeliveryRow] = []
    for row in DeliveryRow.query(lane, scan_index_forward=False, page_size=_TAIL, consistent_read=True):
        if row.key == LANE:
            own = row
        elif row.status in UNDONE:
            undone.append(row)
        else:
            break
    return Lane(own, undone[::-1])


def blocked_tail(lane: str, *, most: int) -> Lane:
    """As `tail`, of a lane that waits and as it stood a moment ago: its first `most` undone deliveries, by half a read
    unit where they are few."""
    found = list(DeliveryRow.query(lane, scan_index_forward=False, limit=_TAIL))
    own = found.pop(0) if found and found[0].key == LANE else None
    if own is not None and all(row.status in UNDONE for row in found):
        # There are more than were read: the lane's own row says where they begin.
        beyond = DeliveryRow.key.between(str(own.head), LANE)
        found = [row for row in DeliveryRow.query(lane, beyond, limit=most + 1) if row.key != LANE]
    else:
        found = found[::-1]
    return Lane(own, [row for row in found if row.status in UNDONE][:most])


def newest(lane: str, *, limit: int) -> list[DeliveryRow]:
    """The last deliveries of a lane, the newest first."""
    return before(lane, None, limit=limit)


def before(lane: str, key: str | None, *, limit: int) -> list[DeliveryRow]:
    """The last deliveries of a lane before one of them (None: of all), the newest first."""
    older = DeliveryRow.key < (key or LANE)
    return list(DeliveryRow.query(lane, older, scan_index_forward=False, limit=limit, consistent_read=True))


def add(
    lane: str, key: str, notice: Notice, *, created_at: int, replay_of: str | None = None, done: int | None = None
) -> None:
    """Store a new delivery; one that is there already, in whatever state, stays as it is."""
    row = DeliveryRow(
        lane=lane,
        key=key,
        destination=notice.destination,
        created=f"{created_at:013d}.{key[-12:]}",
        status=PENDING,
        notice={key: value for key, value in notice.plain().items() if key not in ("destination", "thread")},
        replay_of=replay_of,
        done=done,
    )
    saved(row, DeliveryRow.key.does_not_exist(), ours=same_by_whomever)


def name_replay(row: DeliveryRow, key: str) -> str:
    """The key of the next replay of a delivery as it was read: this one, or that of who asked at the same time; empty
    where the delivery was erased meanwhile.

    What is replayed is in trouble no more; its replay may be."""
    before = DeliveryRow.replayed_as == row.replayed_as if row.replayed_as else DeliveryRow.replayed_as.does_not_exist()
    lane, place = str(row.lane), str(row.key)
    actions = [DeliveryRow.replayed_as.set(key), DeliveryRow.trouble.remove()]
    if updated(DeliveryRow(lane, place), actions, before & DeliveryRow.status.exists(), ours=same_by_whomever):
        return key
    now = get(lane, place)
    return "" if now is None else str(now.replayed_as or key)


def created_ms(row: DeliveryRow) -> int:
    """When it came into being, in milliseconds since the epoch."""
    return int(str(row.created).partition(".")[0])


def rows_of(keys: list[tuple[str, str]]) -> list[DeliveryRow]:
    """The rows of some (lane, key), in that order."""
    rows = batch_get.get_all([(DeliveryRow, lane, key) for lane, key in keys]) if keys else []
    return [row for row in rows if row is not None]


def notice_of(row: DeliveryRow) -> Notice:
    """What a delivery tells; its lane and destination stand in the row alone."""
    return Notice.of(dict(row.notice) | {"destination": row.destination, "thread": thread_of(str(row.lane))})


def get(lane: str, key: str) -> DeliveryRow | None:
    """One delivery, read consistently."""
    try:
        return DeliveryRow.get(lane, key, consistent_read=True)
    except DeliveryRow.DoesNotExist:
        return None
