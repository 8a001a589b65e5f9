"""Table `failures`: what our own code could not do, with the event, so that it can be done again."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute

ALL = "failures"


class Failure(Model):
    """One dead letter."""

    class Meta:
        table_name = settings().table("failures")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    partition = UnicodeAttribute(hash_key=True, default=ALL)
    id = UnicodeAttribute(range_key=True)
    step = UnicodeAttribute()
    queue = UnicodeAttribute()
    group = UnicodeAttribute(null=True)
    body = PlainAttribute()
    at = NumberAttribute()
    replayed_at = NumberAttribute(null=True)
