"""What of a service needs somebody, the worst first.

By small reads at once, beside the set-up, which is kept by its version: how its webhooks fare, which lanes wait,
what was given up and what was set aside, and the queue of each console desk; only for keys that see all services our
own failures too. A service where all is well costs half a read unit for each webhook and desk, and two more; each
hundred in trouble 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.routes import ADMIN
from chalicelib.api.http.services import needed_service
from chalicelib.api.kinds import connection
from chalicelib.domain.chat import CONSOLE
from chalicelib.domain.lane import destination_of
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import batch_get, config, deliveries, endpoints, failures, history, inbox
from chalicelib.tables.config import Resource, Snapshot
from chalicelib.tables.deliveries import FAILED, POISON, UNKNOWN, WAITING, DeliveryRow
from chalicelib.tables.endpoints import Endpoint
from chalicelib.tables.failures import Failure

MOST = 100
"""Of each that are counted: so many are as many or more."""
_MOST_FAILURES = 25
"""As MOST, of failures: their rows hold whole events."""
_SINCE_MS = 86_400_000
"""What was given up longer ago is found in the lists."""
_WEBHOOKS = ("bot", "desk", "subscription")
WORST_FIRST = (
    "bot_inactive", "desk_inactive", "channel_expired", "failures", "overdue", "bot_unverified", "desk_unverified",
    "channel_unverified", "deliveries_poison", "deliveries_unknown", "deliveries_failed", "bot_failing",
    "desk_failing", "deliveries_waiting", "channel_expiring", "subscription_inactive", "subscription_unverified",
    "subscription_failing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs somebody."""

    kind: str
    count: int
    since: int
    """Milliseconds since the epoch; 0: unknown."""
    id: str = ""

    def view(self, known: Snapshot) -> dict[str, Any]:
        """As it is answered."""
        row = known.resources.get(self.id)
        return {
            "kind": self.kind,
            "id": self.id or None,
            "name": (row.name or None) if row is not None else None,
            "count": self.count,
            "since": rfc3339(self.since) if self.since else None,
        }


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}`, always whole: what needs somebody in a service, the worst first; nothing where all is
    well."""
    service = needed_service(call)
    known, since = config.snapshot(service, config.version(service)), now_ms() - _SINCE_MS
    waiting, lost, poison, doubted, own, fare = history.at_once(
        [
            partial(deliveries.in_trouble, service, WAITING, newest=False, limit=MOST),
            partial(deliveries.in_trouble, service, FAILED, limit=MOST),
            partial(deliveries.in_trouble, service, POISON, limit=MOST),
            partial(deliveries.in_trouble, service, UNKNOWN, limit=MOST),
            _failures if call.caller.may(ADMIN) and not call.caller.service else list,
            partial(_fare, [row.id for kind in _WEBHOOKS for row in known.of_kind(kind)]),
        ]
    )
    late = history.at_once([partial(_overdue, row.id) for row in known.of_kind("desk") if row.body["kind"] == CONSOLE])
    needs = [
        *_of_webhooks(fare, waiting),
        *_of_channels(waiting),
        *_of_connections(known.of_kind("channel")),
        *_given_up("deliveries_failed", lost, since),
        *_given_up("deliveries_poison", poison, since),
        *_given_up("deliveries_unknown", doubted, since),
        *_counted("failures", [int(one.at) for one in own if int(one.at) >= since and not one.replayed_at]),
        *_counted("overdue", [at for of_desk in late for at in of_desk]),
    ]
    needs.sort(key=lambda one: (WORST_FIRST.index(one.kind), -one.count, one.since, one.id))
    return Answer(200, {"data": [one.view(known) for one in needs], "next_cursor": None})


def _failures() -> list[Failure]:
    return list(Failure.query(failures.ALL, scan_index_forward=False, limit=_MOST_FAILURES))


def _fare(ids: list[str]) -> list[Endpoint]:
    rows = batch_get.get_all([(Endpoint, id, None) for id in ids], consistent=False)
    return [row for row in rows if row is not None]


def _of_webhooks(fare: Iterable[Endpoint], waiting: list[DeliveryRow]) -> Iterator[Need]:
    by = _by_destination(waiting)
    for row in fare:
        id, kind, times = str(row.id), config.kind_by_id(str(row.id)), by.get(str(row.id), [])
        if row.status == endpoints.INACTIVE:
            yield Need(f"{kind}_inactive", len(times), int(row.changed_at), id)
        elif row.status == endpoints.UNVERIFIED and times:
            yield Need(f"{kind}_unverified", len(times), times[0], id)
        elif row.status == endpoints.ACTIVE and row.failures:
            yield Need(f"{kind}_failing", int(row.failures), int(row.failing_since or 0), id)


def _of_channels(waiting: list[DeliveryRow]) -> Iterator[Need]:
    for id, times in _by_destination(waiting).items():
        if config.kind_by_id(id) == "channel":
            yield Need("deliveries_waiting", len(times), times[0], id)


def _of_connections(channels: list[Resource]) -> Iterator[Need]:
    """Channels whose provider does not know them, or not for long; as it was last found, nobody is asked."""
    now = now_ms()
    for row in channels:
        found = connection.of(row.body or {})
        if found.token(now) == connection.EXPIRED:
            yield Need("channel_expired", 1, found.expires_at, row.id)
        elif found.status == connection.UNVERIFIED:
            yield Need("channel_unverified", 1, found.checked_at or int(row.created_at or 0), row.id)
        elif found.token(now) == connection.EXPIRING:
            yield Need("channel_expiring", 1, found.expires_at - connection.WARN_MS, row.id)


def _given_up(kind: str, rows: list[DeliveryRow], since: int) -> Iterator[Need]:
    for id, times in _by_destination(rows).items():
        yield from _counted(kind, [at for at in times if at >= since], id)


def _counted(kind: str, times: list[int], id: str = "") -> Iterator[Need]:
    if times:
        yield Need(kind, len(times), min(times), id)


def _by_destination(rows: list[DeliveryRow]) -> dict[str, list[int]]:
    """Destination -> when what is in trouble there came into being."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(destination_of(str(row.lane)), []).append(deliveries.created_ms(row))
    return found


def _overdue(desk: str) -> list[int]:
    """Since when answers are due in chats of a console desk that nobody has."""
    queue = islice(inbox.listed(desk, f"{inbox.QUEUE}1", after="", page=MOST), MOST)
    return [due for row in queue if 0 < (due := int(row.data.get("due", 0))) <= now_ms()]
