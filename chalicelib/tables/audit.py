"""Table `audit`: who changed what in a service, and when."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports import ids
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute


class AuditEntry(Model):
    """One change; `change` holds the fields that changed, never a secret."""

    class Meta:
        table_name = settings().table("audit")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    service = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    at = NumberAttribute()
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    subject = UnicodeAttribute()
    change = PlainAttribute(null=True)


def entry(service: str, *, at: int, actor: str, action: str, subject: str, change: dict[str, object]) -> AuditEntry:
    """An entry that is not written yet: it goes into the transaction of the change that it tells of."""
    return AuditEntry(
        service=service, id=ids.new("au"), at=at, actor=actor, action=action, subject=subject, change=change
    )


def note(service: str, *, at: int, actor: str, action: str, subject: str, change: dict[str, object]) -> None:
    """Write one entry."""
    entry(service, at=at, actor=actor, action=action, subject=subject, change=change).save()


def newest(service: str, *, limit: int, before: str = "") -> list[AuditEntry]:
    """Entries of a service, newest first, from before an id."""
    condition = AuditEntry.id < before if before else None
    return list(AuditEntry.query(service, condition, scan_index_forward=False, limit=limit, consistent_read=True))


def get(service: str, id: str) -> AuditEntry | None:
    """One entry."""
    try:
        return AuditEntry.get(service, id, consistent_read=True)
    except AuditEntry.DoesNotExist:
        return None
