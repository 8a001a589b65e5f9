"""Table `contacts`: persons, and which identity belongs to whom."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute


class ContactRow(Model):
    """A contact (`item = "contact"`) or something that belongs to it, in the contact's partition; or an identity,
    in a partition of its own (`id#<service>#<kind>#<value>`) that names its contact."""

    class Meta:
        table_name = settings().table("contacts")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8

    id = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    service = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    data = PlainAttribute(null=True)
    created_at = NumberAttribute(null=True)
