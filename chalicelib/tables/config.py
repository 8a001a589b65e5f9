"""Table `config`: what owners set up. One row per resource, in the partition of its service.

Ids carry their service's key (`ch_<service key><random>`), so a webhook that knows only an id reads one row,
consistently, without an index. Each change of a service or its resources also raises the service's `version`
row in the same transaction: readers keep a snapshot of the service for as long as the version stands, so a
change is seen by the next message and costs one half read unit to know. Sessions of the console, and how people sign
in, lie here too, in partitions of their own (`sessions.py`, `sign_ins.py`, `sign_links.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.resource_id import SERVICE_KEY
from chalicelib.domain.resource_id import service_of as service_of
from chalicelib.ports import ids
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute

SERVICES = "services"
"""Partition that lists the services themselves."""
KEYS = "keys"
"""Partition of API keys; the row's key is `key#<key id>`."""
SYSTEM = "parley"
"""Partition of what holds for the whole deployment: (`parley`, `settings`) with `body["base_url"]`."""
VERSION = "version"
_LONGEST_ID = 64
"""Ids of ours have 29 characters at most; DynamoDB raises for a key of more than 1024 bytes, which a URL can hold."""
PREFIXES = {
    "service": "sv",
    "channel": "ch",
    "bot": "bt",
    "desk": "dk",
    "person": "pe",
    "reply": "rp",
    "rule": "ru",
    "trigger": "tr",
    "source": "so",
    "subscription": "sb",
    "flow": "fl",
    "transformer": "tf",
    "segment": "sg",
    "campaign": "ca",
    "schedule": "sc",
}
"""Kind of resource -> prefix of its ids."""
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


class Resource(Model):
    """A row of the table."""

    class Meta:
        table_name = settings().table("config")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    service = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute(null=True)
    body = PlainAttribute(null=True)
    sealed = UnicodeAttribute(null=True)
    created_at = NumberAttribute(null=True)
    updated_at = NumberAttribute(null=True)
    version = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    """TTL, in seconds since the epoch; of sessions (`sessions.py`)."""

    @property
    def kind(self) -> str:
        return str(self.key).partition("#")[0]

    @property
    def id(self) -> str:
        return str(self.key).partition("#")[2]


class Conflict(Exception):
    """The row was changed, made or removed by somebody else since it was read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All resources of one service as they stood at `version`."""

    service: str
    version: int
    resources: dict[str, Resource]
    own: Resource | None = None
    """The service's own row; None where there is none, or no more."""

    def of_kind(self, kind: str) -> list[Resource]:
        """Resources of a kind, oldest first."""
        return [row for row in self.resources.values() if row.kind == kind]


def new_id(kind: str, service: str = "") -> str:
    """An id for a new resource; it names its service, unless it is one."""
    if kind == "service":
        return f"sv_{ids.from_cause('', ids.token())[1 : 1 + SERVICE_KEY]}"
    return f"{PREFIXES[kind]}_{service[3:]}{ids.from_cause('', ids.token())[1:17]}"


def kind_by_id(resource_id: str) -> str:
    """The kind that an id is of, by its prefix; empty for any other text."""
    return _KINDS.get(resource_id[:2], "")


def partition_of(kind: str, resource_id: str) -> str:
    """The partition that holds, or would hold, a resource."""
    return SERVICES if kind == "service" else KEYS if kind == "key" else service_of(resource_id)


def get(kind: str, resource_id: str) -> Resource | None:
    """One resource by id, read consistently; None where there is none."""
    if len(resource_id) > _LONGEST_ID:
        return None
    try:
        return Resource.get(partition_of(kind, resource_id), f"{kind}#{resource_id}", consistent_read=True)
    except Resource.DoesNotExist:
        return None


def list_kind(partition: str, kind: str, *, limit: int, after: str | None = None) -> tuple[list[Resource], str | None]:
    """A page of resources of one kind, and the id to continue after."""
    rows = Resource.query(
        partition,
        Resource.key.startswith(f"{kind}#"),
        limit=limit,
        last_evaluated_key={"service": {"S": partition}, "key": {"S": f"{kind}#{after}"}} if after else None,
        consistent_read=True,
    )
    page = list(rows)
    return page, page[-1].id if page and rows.last_evaluated_key else None


def system_settings() -> dict[str, Any]:
    """What deploying told about the whole deployment; {} where it told nothing."""
    try:
        return dict(Resource.get(SYSTEM, "settings", consistent_read=True).body or {})
    except Resource.DoesNotExist:
        return {}


def of_kind(partition: str, kind: str) -> list[Resource]:
    """Every resource of one kind."""
    return list(Resource.query(partition, Resource.key.startswith(f"{kind}#"), consistent_read=True))


def in_service(service: str) -> Iterator[Resource]:
    """Every resource of a service, in one consistent query."""
    for row in Resource.query(service, consistent_read=True):
        if row.key != VERSION:
            yield row


_snapshots: dict[str, Snapshot] = {}


def snapshot(service: str, version: int) -> Snapshot:
    """The service and its resources at `version` or later; kept in the process until another version is asked for."""
    kept = _snapshots.get(service)
    if kept is None or kept.version != version:
        kept = Snapshot(service, version, {row.id: row for row in in_service(service)}, get("service", service))
        _snapshots[service] = kept
    return kept


def version_key(service: str) -> tuple[str, str]:
    """Key of the row that says which version of the service's resources stands."""
    return service, VERSION


def version(service: str) -> int:
    """The version of a service's resources; 0 before the first."""
    try:
        return int(Resource.get(service, VERSION, consistent_read=True).version or 0)
    except Resource.DoesNotExist:
        return 0


Also = Callable[[TransactWrite], None]
"""Adds a write of another table to the transaction."""


def create(*rows: Resource, also: Also | None = None) -> None:
    """Store new resources; Conflict where one exists."""
    with_version(creates=rows, also=also)


def replace(row: Resource, *, seen: int | None, also: Also | None = None) -> None:
    """Store a changed resource that was read with `updated_at == seen`; Conflict where it changed meanwhile."""
    with_version(replaces=[(row, seen)], also=also)


def remove(row: Resource, *, also: Also | None = None) -> None:
    """Remove a resource; Conflict where it changed since it was read, or is gone."""
    with_version(removes=[row], also=also)


def with_version(
    *,
    creates: tuple[Resource, ...] = (),
    replaces: list[tuple[Resource, int | None]] | None = None,
    removes: list[Resource] | None = None,
    also: Also | None = None,
    seen_version: tuple[str, int] | None = None,
) -> None:
    """Make the changes and raise the version of each service that they are or belong to, all or nothing (at most 100
    items, what `also` adds among them).

    `seen_version` (service, version) is what the caller decided upon: Conflict where it no longer stands.
    """
    replaces, removes = replaces or [], removes or []
    changed = (*creates, *(row for row, _ in replaces), *removes)
    touched = {row.id if row.service == SERVICES else str(row.service) for row in changed}
    touched |= {seen_version[0]} if seen_version else set()
    try:
        with TransactWrite(connection=_connection()) as together:
            for row in creates:
                together.save(row, condition=Resource.key.does_not_exist())
            for row, seen in replaces:
                together.save(row, condition=Resource.updated_at == seen)
            for row in removes:
                together.delete(row, condition=Resource.updated_at == row.updated_at)
            for service in touched - {SERVICES, KEYS}:
                condition = _stands(seen_version[1]) if seen_version and seen_version[0] == service else None
                together.update(Resource(service, VERSION), actions=[Resource.version.add(1)], condition=condition)
            if also:
                also(together)
    except TransactWriteError as error:
        if error.cause_response_code != "TransactionCanceledException":
            raise
        raise Conflict(str(error.cause_response_message)) from error


def _stands(seen: int) -> Condition:
    return Resource.version == seen if seen else Resource.version.does_not_exist()


def _connection() -> Connection:
    return Connection(connect_timeout_seconds=2, read_timeout_seconds=8)


def body(row: Resource) -> dict[str, Any]:
    """The resource's fields."""
    return dict(row.body or {})
