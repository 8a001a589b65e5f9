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


def note(service: str, *, at: int, actor: str, action: str, subject: str, change: dict[str, object]) -> None:
    """Write one entry."""
    AuditEntry(
        service=service, id=ids.new("au"), at=at, actor=actor, action=action, subject=subject, change=change
    ).save()
