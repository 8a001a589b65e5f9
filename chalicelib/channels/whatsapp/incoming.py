"""What a notification of the Cloud API holds: messages, statuses, and kinds that are passed over.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages

Nothing here raises: a field that is missing or of another type counts as empty, because a message that cannot be read
must not stop those beside it. What somebody said in a kind that is not known is told as `unsupported`; a notice of
another kind is `Ignored` with its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.channels.contract import Changed, Consent, Event, Happened, Ignored, Moved, Said, Status
from chalicelib.channels.meta import UNSUPPORTED, inside, read_own
from chalicelib.channels.whatsapp import errors, happened
from chalicelib.channels.whatsapp.said import content_of
from chalicelib.channels.whatsapp_contents import identities_of
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.consent import MARKETING
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

STATUSES = {
    "sent": SENT,
    "delivered": DELIVERED,
    "read": READ,
    "played": READ,  # a voice message was listened to
    "failed": FAILED,
}
CHANGES = {"edit": "edited", "revoke": "deleted", "reaction": "reaction"}
"""Types of messages that change one of before; edits and revokes come where app and API are used together:
.../whatsapp/webhooks/reference/messages/edit and .../messages/revoke. A reaction without an emoji is taken back."""
NUMBER_CHANGED, USER_ID_CHANGED = ("user_changed_number", "customer_changed_number"), "user_changed_user_id"
"""Types of system messages that say that a person goes on under another number or id (the second name is the elder):
.../whatsapp/webhooks/reference/messages/system. With a new number comes a new user id."""
_ECHOES = "smb_message_echoes"
"""What the business itself writes in its WhatsApp app, where it uses app and API together (coexistence)."""
_PREFERENCES, _CALLS = "user_preferences", "calls"
_STOPS = {"stop": False, "resume": True, "signup": True}
"""Words for whether a user wants marketing: .../whatsapp/webhooks/reference/user_preferences"""
_MOST_WHY = 200


def events(given: Any, phone_number_id: str, now_ms: int) -> Iterator[Event]:
    """All that a notification holds for the number, in its order."""
    entries = dicts(given.get("entry")) if isinstance(given, dict) else []
    if not entries:
        yield Ignored("notification without entries")
    for entry in entries:
        for change in dicts(entry.get("changes")):
            yield from _change(change, phone_number_id, now_ms)


def _change(change: dict[str, Any], phone_number_id: str, now_ms: int) -> Iterator[Event]:
    field, value = word(change.get("field"))[:64], inside(change, "value")
    if field not in ("messages", _ECHOES, _PREFERENCES, _CALLS):
        yield Ignored(f"field {field}")
        return
    number = word(inside(value, "metadata").get("phone_number_id"))
    if number != phone_number_id:
        # One app has one webhook for all its numbers, so each channel also hears of the others'.
        yield Ignored(f"another number: {number[:64]}")
        return
    people = dicts(value.get("contacts"))
    if field == _CALLS:
        for call in dicts(value.get("calls")):
            yield _call(call, people, now_ms)
        return
    for message in dicts(value.get("messages")):
        yield _said(message, people, now_ms)
    for message in dicts(value.get("message_echoes")):
        yield _echo(message, now_ms)
    for status in dicts(value.get("statuses")):
        yield from _statuses(status, now_ms)
    for preference in dicts(value.get("user_preferences")):
        yield _preference(preference, people, now_ms)
    for error in dicts(value.get("errors")):
        yield Ignored("error {}: {}".format(*errors.read(error)))


def _said(message: dict[str, Any], people: list[dict[str, Any]], now_ms: int) -> Event:
    phone, user_id = word(message.get("from")), word(message.get("from_user_id"))
    person = _person(people, phone, user_id)
    wa_id, user_id = word(person.get("wa_id")) or phone, user_id or word(person.get("user_id"))
    # Users with a username may have no number here since 2026, only an id that is the same for one business:
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
    address = phone or wa_id or user_id
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/group
    if in_a_group(message, phone, wa_id, user_id):
        return Ignored(GROUP)
    if changed := _changed(message, address, now_ms):
        return changed
    if word(message.get("type")) == "system":
        return _moved(message, now_ms)
    if not address or len(address) > MAX_ID:
        return Ignored("message without a sender")
    id, at_ms, known = word(message.get("id"))[:MAX_ID], _time(message, now_ms), identities_of(wa_id, user_id)
    if found := happened.in_message(message):
        what, details = found
        return Happened(address, what, at_ms, id, _name(person), details=details, identities=known)
    content = content_of(message)
    return Said(address, id, content, at_ms, _name(person), known, repeatable=bool(id))


def _call(call: dict[str, Any], people: list[dict[str, Any]], now_ms: int) -> Event:
    found = happened.in_call(call)
    if isinstance(found, str):
        return Ignored(found)
    phone, user_id = word(call.get("from")), word(call.get("from_user_id"))
    person = _person(people, phone, user_id)
    phone, user_id = phone or word(person.get("wa_id")), user_id or word(person.get("user_id"))
    address = phone or user_id
    if in_a_group(call, phone, user_id):
        return Ignored(GROUP)
    if not 0 < len(address) <= MAX_ID:
        return Ignored("call of nobody")
    (what, details), id = found, word(call.get("id"))[:MAX_ID]
    known = identities_of(phone, user_id)
    return Happened(address, what, _time(call, now_ms), id, _name(person), details=details, identities=known)


def _name(person: dict[str, Any]) -> str:
    profile = inside(person, "profile")
    return (word(profile.get("name")) or word(profile.get("username")))[:MAX_ID]


def _person(people: list[dict[str, Any]], phone: str, user_id: str) -> dict[str, Any]:
    for person in people:
        if (phone and word(person.get("wa_id")) == phone) or (user_id and word(person.get("user_id")) == user_id):
            return person
    # `from` and `wa_id` differ in some countries (Mexico, Brazil: an added digit).
    return people[0] if len(people) == 1 else {}


def _changed(message: dict[str, Any], address: str, now_ms: int, *, echo: bool = False) -> Changed | None:
    """What the user, or the business in its app, did to a message that was there before; None where it is nothing of
    the kind, or cannot be read as such."""
    kind = word(message.get("type"))
    given = inside(message, kind)
    about = word(given.get("message_id" if kind == "reaction" else "original_message_id"))
    if kind not in CHANGES or not about or not 0 < len(address) <= MAX_ID:
        return None
    text = word(given.get("emoji"))[:64]
    if kind == "edit":
        content = content_of(inside(given, "message"))
        if content.details.get("name") == UNSUPPORTED and not content.text:
            # What was said must not become nothing because its edit is new to us.
            return None
        text = content.text
    id, at_ms = word(message.get("id"))[:MAX_ID], _time(message, now_ms)
    return Changed(address, CHANGES[kind], about[:MAX_ID], at_ms, id, text, echo)


def _moved(message: dict[str, Any], now_ms: int) -> Event:
    """A notice of the provider's own about the user; those that are about something else are passed over."""
    given = inside(message, "system")
    kind = word(given.get("type"))[:64]
    if kind not in (*NUMBER_CHANGED, USER_ID_CHANGED):
        return Ignored(f"system {kind}")
    number, was = word(given.get("wa_id")) or word(given.get("new_wa_id")), word(message.get("from"))
    user_id, was_id = word(given.get("user_id")), word(given.get("previous_user_id"))
    address = was or was_id or word(message.get("from_user_id"))
    if kind == USER_ID_CHANGED:
        # The number stays, where the user has one here.
        to, identities, gone = was or user_id, identities_of("", user_id), identities_of("", was_id)
    else:
        to, identities, gone = number or user_id, identities_of(number, user_id), identities_of(was, was_id)
    if not all(0 < len(one) <= MAX_ID for one in (address, to)):
        return Ignored(f"system {kind} without both addresses")
    return Moved(address, to, _time(message, now_ms), word(message.get("id"))[:MAX_ID], identities, gone)


def _echo(message: dict[str, Any], now_ms: int) -> Event:
    phone, user_id = word(message.get("to")), word(message.get("to_user_id"))
    address = phone or user_id
    if in_a_group(message, address):
        return Ignored(GROUP)
    if changed := _changed(message, address, now_ms, echo=True):
        return changed
    content = content_of(message)
    if not address or len(address) > MAX_ID:
        return Ignored("echo without a recipient")
    id, known = word(message.get("id"))[:MAX_ID], identities_of(phone, user_id)
    return Said(address, id, content, _time(message, now_ms), identities=known, repeatable=bool(id), echo=True)


def _preference(given: dict[str, Any], people: list[dict[str, Any]], now_ms: int) -> Event:
    """The user stops or resumes what is marketing from this number: all else still goes."""
    category, value = word(given.get("category"))[:64], word(given.get("value"))[:64]
    if category != "marketing_messages" or value not in _STOPS:
        return Ignored(f"preference {category}: {value}")
    phone, user_id = word(given.get("wa_id")), word(given.get("user_id"))
    person = _person(people, phone, user_id)
    phone, user_id = phone or word(person.get("wa_id")), user_id or word(person.get("user_id"))
    address = phone or user_id
    if not 0 < len(address) <= MAX_ID:
        return Ignored("preference of nobody")
    why, known = word(given.get("detail"))[:_MOST_WHY] or value, identities_of(phone, user_id)
    return Consent(address, _STOPS[value], _time(given, now_ms), MARKETING, why, identities=known)


def _statuses(status: dict[str, Any], now_ms: int) -> Iterator[Event]:
    """What became of a message, and what its failing says of the user: that they have stopped marketing."""
    told = _status(status, now_ms)
    yield told
    if not isinstance(told, Status) or not told.address or in_a_group(status, told.address):
        return
    if (told.error or {}).get("code") == errors.OPTED_OUT:
        why = f"{errors.OPTED_OUT}: {(told.error or {}).get('reason', '')}"[:_MOST_WHY]
        id = f"{told.provider_id}.opted_out"[-MAX_ID:]
        yield Consent(told.address, False, told.at_ms, MARKETING, why, id, own_id=told.own_id)


def _status(status: dict[str, Any], now_ms: int) -> Event:
    given = word(status.get("status"))[:64]
    state, id = STATUSES.get(given, ""), word(status.get("id"))
    if not state:
        return Ignored(f"unknown status: {given}")
    if not id:
        return Ignored("status without an id")
    address = word(status.get("recipient_id")) or word(status.get("recipient_user_id"))
    error = errors.first(status.get("errors")) if state == FAILED else None
    at_ms, (own, part) = _time(status, now_ms), read_own(word(status.get("biz_opaque_callback_data"))[:MAX_ID])
    return Status(id[:MAX_ID], state, at_ms, address[:MAX_ID], error, own, part)


def _time(given: dict[str, Any], now_ms: int) -> int:
    text = word(given.get("timestamp"))
    at_ms = int(text) * 1000 if text.isascii() and text.isdecimal() and len(text) <= 10 else now_ms
    return min(at_ms, now_ms)
