"""Table `contacts`: persons, and which identity belongs to whom."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError
from pynamodb.models import Model

from chalicelib.ports import ids
from chalicelib.ports.settings import settings
from chalicelib.tables import together
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
    touched = NumberAttribute(null=True)
    """Of a conversation's link: when it was last spoken in, to the hour; `before`: what that was before."""
    before = NumberAttribute(null=True)


CONTACT = "contact"
IDENTITY = "identity"


def find_or_create(
    service: str, identities: Sequence[tuple[str, str]], *, name: str, channel: str, now_ms: int
) -> dict[str, str]:
    """The contact with one of these identities, made where none has; exactly one results of concurrent makers.

    A new contact's id comes from its first identity, so makers that race make the same row; each identity
    is claimed by a conditional write, so it belongs to whoever came first. Returns id, name, phone, email.
    """
    keys = [identity_key(service, kind, value) for kind, value in identities]
    found = together.get_all([(ContactRow, key, IDENTITY) for key in keys])
    contact = next((str(row.contact) for row in found if row is not None), "")
    new = not contact
    if new:
        kind, value = identities[0]
        contact = f"ct_{service[3:]}{ids.from_cause('', service, kind, value)[1:17]}"
        _add(
            ContactRow(
                id=contact,
                item=CONTACT,
                service=service,
                created_at=now_ms,
                data={"name": name, "identities": [{"kind": kind, "value": value} for kind, value in identities]},
            )
        )
    for key, row in zip(keys, found, strict=True):
        # Also where others are known: a new address of theirs, or an earlier run that was cut off between two.
        if row is None:
            _add(ContactRow(id=key, item=IDENTITY, service=service, contact=contact, created_at=now_ms))
    if new:
        contact = str(ContactRow.get(keys[0], IDENTITY, consistent_read=True).contact)
    row = ContactRow.get(contact, CONTACT, consistent_read=True)
    known = {"id": contact, "name": row.data.get("name") or name}
    for kind in ("phone", "email"):
        value = next((i["value"] for i in row.data.get("identities", ()) if i["kind"] == kind), "")
        known |= {kind: value} if value else {}
    return {key: value for key, value in known.items() if value}


def identity_key(service: str, kind: str, value: str) -> str:
    """Partition of an identity."""
    return f"id#{service}#{kind}#{value}"


def _add(row: ContactRow) -> None:
    try:
        row.save(condition=ContactRow.id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def resolve(contact_id: str) -> ContactRow | None:
    """The contact, or the one that it was merged into; None where there is none."""
    try:
        return ContactRow.get(contact_id, CONTACT, consistent_read=True)
    except ContactRow.DoesNotExist:
        return None
