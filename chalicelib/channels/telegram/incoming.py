"""What an update of Telegram's holds: https://core.telegram.org/bots/api#update

Nothing here raises: a field that is missing or of another type counts as empty. What is said in a group or channel is
the group's own, what else happens there is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.channels.contract import Changed, Consent, Event, Group, Happened, Ignored, Moved, Said
from chalicelib.channels.telegram.said import content_of, inside, name_of, service_of, text_of
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.message import Content
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

KNOWN = frozenset({
    "edited_channel_post", "business_connection", "business_message", "edited_business_message",
    "deleted_business_messages", "guest_message", "message_reaction_count", "inline_query", "chosen_inline_result",
    "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
})  # fmt: skip
"""Updates that are passed over: they are not asked for, and come where somebody else has set up the bot's webhook."""
_START = re.compile(r"/start(?:@\w{1,64})?(?:\s+(\S.*))?", re.DOTALL)
_BLOCKED = {"kicked": False, "member": True}
"""Whether a user may be written to, by what the bot is to them."""
_MOST_SIGNS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was said."""

    address: str
    """Of the chat: a private one has the user's own id."""
    group: Group | None
    name: str
    """Of the user, in a private chat."""


def event(update: Any, now_ms: int) -> Event:
    """What an update tells; it is about one thing always."""
    names = [name for name in update if name != "update_id"] if isinstance(update, dict) else []
    name = next((name for name in names if name in READ), names[0] if names else "")
    if name in READ:
        return READ[name](inside(update, name), word(update.get("update_id"))[:32], now_ms)
    if name in KNOWN:
        return Ignored(name)
    return Ignored(f"unknown update: {name[:64]}" if name else "update of nothing")


def answer(update: Any) -> dict[str, Any]:
    """What Telegram is answered: of a button that was pressed, that it was, so that it stops to turn
    (https://core.telegram.org/bots/api#making-requests-when-getting-updates)."""
    pressed = word(inside(update, "callback_query").get("id")) if isinstance(update, dict) else ""
    return {"method": "answerCallbackQuery", "callback_query_id": pressed[:MAX_ID]} if pressed else {}


def provider_id(address: str, number: str) -> str:
    """A bot's messages are numbered in each chat, so that both together name one."""
    return f"{address}.{number}" if number else ""


def _message(message: dict[str, Any], _: str, now_ms: int) -> Event:
    person, sender = inside(message, "from"), inside(message, "sender_chat")
    place = _place(message, inside(message, "chat"), sender or person)
    if isinstance(place, Ignored):
        return place
    if service := service_of(message):
        return Ignored(f"service message: {service}")
    if person.get("is_bot") is True and not sender:
        return Ignored("message of a bot")
    id, at_ms = provider_id(place.address, word(message.get("message_id"))[:64]), _time(message, "date", now_ms)
    if place.group and 0 < len(to := word(message.get("migrate_to_chat_id"))) <= MAX_ID:
        return Moved(place.address, to, at_ms, id, group=True)
    started = _START.fullmatch(word(message.get("text")).strip())
    if started and place.group is None:
        payload = {"payload": started[1][:MAX_ID]} if started[1] else {}
        return Happened(place.address, "started", at_ms, id, place.name, details=payload)
    return Said(
        place.address,
        id,
        content_of(message),
        at_ms,
        place.name,
        _proven(message, person) if place.group is None else (),
        repeatable=bool(id),
        group=place.group,
        reply=_topic(message),
    )


def _edited(message: dict[str, Any], _: str, now_ms: int) -> Event:
    place = _private(message, inside(message, "from"))
    if isinstance(place, Ignored):
        return place
    about, text = provider_id(place.address, word(message.get("message_id"))[:64]), text_of(message)
    if not about or not text:
        # A place that moves on, another picture: what was said must not become nothing because of it.
        return Ignored("edited message without text")
    at = word(message.get("edit_date"))[:32]
    id = f"{about}.e{at}" if at else ""
    return Changed(place.address, "edited", about, _time(message, "edit_date", now_ms), id, text)


def _reaction(given: dict[str, Any], update_id: str, now_ms: int) -> Event:
    place = _private(given, inside(given, "user"))
    if isinstance(place, Ignored):
        return place
    about, signs = provider_id(place.address, word(given.get("message_id"))[:64]), dicts(given.get("new_reaction"))
    text = "".join(word(sign.get("emoji"))[:16] for sign in signs)[:_MOST_SIGNS]
    if not about or (signs and not text):
        # A picture of somebody's own is no sign that could be shown, and no reaction that is taken back.
        return Ignored("reaction without an emoji")
    id = f"{about}.r{update_id}" if update_id else ""
    return Changed(place.address, "reaction", about, _time(given, "date", now_ms), id, text)


def _pressed(query: dict[str, Any], _: str, now_ms: int) -> Event:
    message, payload, id = inside(query, "message"), word(query.get("data")), word(query.get("id"))[:MAX_ID]
    place = _place(query, inside(message, "chat"), inside(query, "from"))
    if isinstance(place, Ignored):
        return place
    if not payload:
        return Ignored("button without data")
    rows = inside(message, "reply_markup").get("inline_keyboard")
    buttons = [one for row in (rows if isinstance(rows, list) else []) for one in dicts(row)]
    title = next((word(one.get("text")) for one in buttons if word(one.get("callback_data")) == payload), "")[:MAX_ID]
    details = {"payload": payload[:MAX_ID], "title": title}
    if about := provider_id(place.address, word(message.get("message_id"))[:64]):
        details["in_reply_to"] = about[:MAX_ID]
    id = f"{place.address}.c{id}" if id else ""
    content = Content("postback", title, details=details)
    reply, group = _topic(message), place.group
    return Said(place.address, id, content, now_ms, place.name, repeatable=bool(id), group=group, reply=reply)


def _member(given: dict[str, Any], update_id: str, now_ms: int) -> Event:
    place = _private(given, inside(given, "from"))
    if isinstance(place, Ignored):
        return place
    status = word(inside(given, "new_chat_member").get("status"))[:64]
    if status not in _BLOCKED:
        return Ignored(f"the bot is {status}")
    why = "unblocked" if _BLOCKED[status] else "blocked"
    id = f"{place.address}.m{update_id}" if update_id else ""
    return Consent(place.address, _BLOCKED[status], _time(given, "date", now_ms), why=why, provider_id=id)


READ: dict[str, Callable[[dict[str, Any], str, int], Event]] = {
    "message": _message,
    "channel_post": _message,
    "edited_message": _edited,
    "callback_query": _pressed,
    "message_reaction": _reaction,
    "my_chat_member": _member,
}
"""Updates that are read; these are asked for (`allowed_updates`)."""


def _topic(message: dict[str, Any]) -> dict[str, str]:
    """Where in a chat of several topics an answer goes; what is said in none of them says so, as else it would go where
    the answer before it went."""
    topic = word(message.get("message_thread_id"))[:64] if message.get("is_topic_message") is True else ""
    return {"topic": topic} if topic or inside(message, "chat").get("is_forum") is True else {}


def _place(given: dict[str, Any], chat: dict[str, Any], speaker: dict[str, Any]) -> Place | Ignored:
    """The chat, and who speaks where that is not the same; Ignored where one of them is not known.

    A chat that does not say that it is private is none.
    """
    address = word(chat.get("id"))
    if not 0 < len(address) <= MAX_ID:
        return Ignored("update of no chat")
    if in_a_group(given, word(given.get("from"))):
        return Ignored(GROUP)
    if word(chat.get("type")) == "private":
        return Place(address, None, name_of(chat) or name_of(speaker))
    who, title = word(speaker.get("id")), word(chat.get("title"))[:MAX_ID]
    if not 0 < len(who) <= MAX_ID:
        return Ignored(GROUP)
    return Place(address, Group(who, name_of(speaker) or word(speaker.get("title"))[:MAX_ID], title), "")


def _private(given: dict[str, Any], speaker: dict[str, Any]) -> Place | Ignored:
    place = _place(given, inside(given, "chat"), speaker)
    return Ignored(GROUP) if isinstance(place, Place) and place.group else place


def _proven(message: dict[str, Any], person: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The user's number, where they share their own: anybody may share anybody else's."""
    contact = inside(message, "contact")
    number, whose = word(contact.get("phone_number")).lstrip("+"), word(contact.get("user_id"))
    is_number = number.isascii() and number.isdecimal() and 7 <= len(number) <= 15
    return (("phone", f"+{number}"),) if is_number and whose and whose == word(person.get("id")) else ()


def _time(given: dict[str, Any], name: str, now_ms: int) -> int:
    at = given.get(name)
    return min(at * 1000, now_ms) if isinstance(at, int) and 1 < at < 10**11 else now_ms
