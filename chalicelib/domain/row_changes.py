"""What a change of a row means: platform events, from the row before and after it.

Pure: `announce` reads the changes from the tables' streams. Whoever wrote the row, and however often a cut made them
write it, the events are those of the change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import platform_event as events
from chalicelib.domain.contact import first_of
from chalicelib.domain.message import Message
from chalicelib.domain.platform_event import MESSAGE_CREATED, MESSAGE_STATUS, PlatformEvent
from chalicelib.domain.retry import WARN_AT
from chalicelib.domain.thread import ACCEPTED, CLOSED, DESK, HELD, NOTIFICATION, OFFERED, Conversation
from chalicelib.domain.view import Rfc3339

NOT_ACCEPTED = "not_accepted"
ACTIVE, INACTIVE = "active", "inactive"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's row."""

    id: str
    service: str
    data: dict[str, Any] | None
    """None once it was erased."""
    into: str = ""
    absorbed: tuple[str, ...] = ()
    created_at: int = 0
    updated_at: int = 0
    maybe_same: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge's row."""

    id: str
    service: str
    contact: str
    source: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """How the webhook of a bot, desk or subscription fares."""

    id: str
    service: str
    status: str
    failures: int
    about: dict[str, Any] = field(default_factory=dict)
    """`kind` and `name`."""


def concerns(table: str, item: str, verb: str) -> bool:
    """Whether a change (INSERT, MODIFY, REMOVE) of an item of a table can mean an event; the filters of the streams say
    the same. That a merge is taken back, or made again after another was, shows in the contacts' own rows."""
    if verb == "REMOVE":
        return False
    if table == "threads":
        return item.startswith("c")
    return table != "contacts" or item == "contact" or (item.startswith("merge#") and verb == "INSERT")


def to_message(message: Message, *, status: bool, at: int, rfc3339: Rfc3339) -> list[PlatformEvent]:
    """The event of a new message, or of the state that one of ours has reached.

    Subscriptions hear of it by routes, which `converse` decided; this is for everybody else.
    """
    if message.is_note:
        return []
    if message.author.kind == "system":
        if status or not never_offered(message):
            return []
        type, cause, data = events.HANDOVER_FAILED, message.id, events.never_offered_data(message)
    elif not status:
        type, cause, data = MESSAGE_CREATED, "", events.message_data(message, rfc3339=rfc3339)
    elif message.direction == "out":
        data = events.message_data(message, rfc3339=rfc3339, status=message.state)
        type, cause = MESSAGE_STATUS, message.state
    else:
        return []
    when = at if status else message.sent_at
    return [PlatformEvent(type, message.service, message.id, cause, when, data, message.source)]


def never_offered(note: Message) -> bool:
    """Whether a note of ours says that a hand-over failed for want of a desk: then no conversation shows it."""
    return bool(note.content.details.get("name") == "handover_failed" and note.content.details.get("no_desk"))


def to_conversation(
    before: Conversation | None, after: Conversation, *, at: int, rfc3339: Rfc3339
) -> list[PlatformEvent]:
    """Events of a conversation that was opened, taken by an agent, or closed."""
    if after.kind == NOTIFICATION:
        # What was said is told as a message; there is no more to it.
        return []
    of_desk, was = after.kind == DESK, before.state if before else ""
    types: list[tuple[str, int]] = []
    if before is None:
        types.append((events.OPENED, after.opened_at))
        if of_desk:
            types.append((events.HANDOVER_STARTED, after.opened_at))
    if of_desk and was in ("", OFFERED) and after.state in (ACCEPTED, HELD):
        types.append((events.HANDOVER_ACCEPTED, at))
    if after.state == CLOSED and was != CLOSED:
        types.append((events.CLOSED, after.closed_at))
        if of_desk:
            failed = after.outcome == NOT_ACCEPTED
            types.append((events.HANDOVER_FAILED if failed else events.HANDOVER_ENDED, after.closed_at))
    data = events.conversation_data(after, rfc3339=rfc3339)
    facts = {"contact": {"id": after.contact or None}, "channel": {"id": after.channel or None}}
    return [
        # Each happens to a conversation once, so it is its own cause.
        PlatformEvent(type, after.service, after.id, "", when or at, data, source=after.source, facts=facts)
        for type, when in types
    ]


def to_contact(before: Contact | None, after: Contact, *, cause: str, at: int, rfc3339: Rfc3339) -> list[PlatformEvent]:
    """Events of a contact that is new or other than it was; a merged one is told by `to_merge`, an erased one not."""
    if after.data is None or after.into:
        return []
    new = before is None or before.data is None
    view = contact_view(after, rfc3339=rfc3339)
    if not new and before is not None and not before.into and _shown(before) == _shown(after):
        return []
    type = events.CONTACT_CREATED if new else events.CONTACT_UPDATED
    facts = {"contact": known_of(after) | {key: after.data.get(key) or empty for key, empty in _ASKED}}
    return [
        PlatformEvent(
            type, after.service, after.id, "" if new else cause, after.created_at if new else at, {"contact": view},
            facts=facts,
        )
    ]  # fmt: skip


def _shown(contact: Contact) -> dict[str, Any]:
    """What of a contact is worth telling that it changed: all but when."""
    return contact_view(replace(contact, updated_at=0), rfc3339=str)


_ASKED: tuple[tuple[str, Any], ...] = (("attributes", {}), ("tags", []))


def to_merge(merged: Merged, *, at: int) -> list[PlatformEvent]:
    """The event of a merge that was made."""
    data = {"contact_id": merged.contact, "from": merged.source, "merge_id": merged.id}
    facts = {"contact": {"id": merged.contact}}
    return [PlatformEvent(events.CONTACT_MERGED, merged.service, merged.contact, merged.id, at, data, facts=facts)]


def to_webhook(before: Webhook | None, after: Webhook, *, cause: str, at: int) -> list[PlatformEvent]:
    """Events of a webhook that begins to fail, is switched off, or is used again."""
    if before is None:
        # Made: nobody waits to hear that it is unverified, or of a console desk that it works.
        return []
    found: list[tuple[str, dict[str, Any]]] = []
    if any(before.failures < count <= after.failures for count in WARN_AT):
        found.append((events.FAILING, {"failures": after.failures}))
    if before.status != after.status and after.status in (ACTIVE, INACTIVE):
        found.append((events.ENABLED if after.status == ACTIVE else events.DISABLED, {}))
    about = {"kind": "", "id": after.id, "name": None} | after.about | {"status": after.status}
    return [PlatformEvent(type, after.service, after.id, cause, at, about | more) for type, more in found]


def contact_view(contact: Contact, *, rfc3339: Rfc3339) -> dict[str, Any]:
    """The contact as events show it: the contract's, without its conversations, which would have to be read."""
    data = contact.data or {}
    return {
        "id": contact.id,
        "service_id": contact.service,
        "name": data.get("name") or None,
        "identities": data.get("identities", []),
        "attributes": data.get("attributes", {}),
        "tags": data.get("tags", []),
        "consent": data.get("consent", {}),
        "merged_ids": list(contact.absorbed),
        "shadow": bool(data.get("shadow")),
        "maybe_same": list(contact.maybe_same),
        "created_at": rfc3339(contact.created_at),
        "updated_at": rfc3339(contact.updated_at or contact.created_at),
    }


def known_of(contact: Contact) -> dict[str, str]:
    """What threads know of a contact (`Thread.contact`)."""
    data = contact.data or {}
    known = {"id": contact.id, "name": data.get("name") or ""}
    known |= {kind: first_of(data, kind) for kind in ("phone", "email")}
    return {key: value for key, value in known.items() if value}


def threads_hear(before: Contact | None, after: Contact) -> bool:
    """Whether what threads know of the contact is no longer what it was: name, numbers, or who stands for whom."""
    if after.data is None or after.into or before is None:
        return False
    returned = bool(before.into) or before.data is None
    return returned or known_of(before) != known_of(after) or set(before.absorbed) != set(after.absorbed)
