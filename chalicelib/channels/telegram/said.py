"""The content of one message from Telegram: https://core.telegram.org/bots/api#message

Which kind it is, no member says: it is known by the member that is there.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.telegram.media import reference
from chalicelib.domain.message import MAX_TEXT_BYTES, Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

UNSUPPORTED = "unsupported"
_FILES = {
    "animation": ("video", "video/mp4"),
    "audio": ("audio", "audio/mpeg"),
    "voice": ("audio", "audio/ogg"),
    "video": ("video", "video/mp4"),
    "video_note": ("video", "video/mp4"),
    "document": ("file", ""),
}
"""Member -> (type, what it is where Telegram does not say). An animation has a document beside it, which is the same
file."""
_MOST_CHARACTERS = 4096
"""Of a title, a name or an address."""
_MOST_GIVEN = 16 * 1024
_AROUND = frozenset({
    "message_id", "message_thread_id", "direct_messages_topic", "from", "sender_chat", "sender_boost_count",
    "sender_business_bot", "sender_tag", "date", "chat", "forward_origin", "is_topic_message", "is_automatic_forward",
    "reply_to_message", "reply_to_story", "reply_to_checklist_task_id", "reply_to_poll_option_id", "external_reply",
    "quote", "guest_query_id", "guest_bot_caller_user", "guest_bot_caller_chat", "business_connection_id",
    "is_paid_post", "paid_star_count", "suggested_post_info", "via_bot", "edit_date", "has_protected_content",
    "is_from_offline", "media_group_id", "author_signature", "entities", "caption", "caption_entities",
    "link_preview_options", "effect_id", "reply_markup", "show_caption_above_media", "has_media_spoiler", "text",
})  # fmt: skip
"""Members of a message that are not what kind of thing it says."""
SERVICE = frozenset({
    "new_chat_members", "left_chat_member", "chat_owner_left", "chat_owner_changed", "new_chat_title",
    "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
    "message_auto_delete_timer_changed", "pinned_message", "connected_website", "write_access_allowed",
    "proximity_alert_triggered", "boost_added", "chat_background_set", "checklist_tasks_done", "checklist_tasks_added",
    "direct_message_price_changed", "forum_topic_created", "forum_topic_edited", "forum_topic_closed",
    "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created",
    "giveaway_completed", "managed_bot_created", "paid_message_price_changed", "poll_option_added",
    "poll_option_deleted", "suggested_post_approved", "suggested_post_approval_failed", "suggested_post_declined",
    "suggested_post_paid", "suggested_post_refunded", "video_chat_scheduled", "video_chat_started", "video_chat_ended",
    "video_chat_participants_invited", "migrate_from_chat_id",
})  # fmt: skip
"""Members of messages that tell of the chat itself: nobody says anything in them."""
_WORDS = ("question", "text", "title", "description", "emoji", "name")
"""Members in which words for people stand."""


def content_of(message: dict[str, Any]) -> Content:
    """What is said. What has no form here is an event `unsupported` with what was given: a user did say something, and
    Telegram is answered 200 for it, so that it comes no second time."""
    found = _by_member(message) or _unsupported(message)
    text, cut = _at_most(found.text)
    more: dict[str, Any] = {"truncated": True} if cut else {}
    return Content(found.type, text, found.media, found.details | _around(message) | more)


def service_of(message: dict[str, Any]) -> str:
    """What of the chat itself a message tells; empty where somebody speaks."""
    return next((name for name in message if name in SERVICE), "")


def text_of(message: dict[str, Any]) -> str:
    """The words of a message, or those below its file."""
    return _at_most(word(message.get("text")) or word(message.get("caption")))[0]


def inside(value: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within an object; empty where it is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _around(message: dict[str, Any]) -> dict[str, Any]:
    """What a message is said about, and with."""
    found: dict[str, Any] = {}
    quoted, chat = inside(message, "reply_to_message"), word(inside(message, "chat").get("id"))
    # What is said in a topic answers, in Telegram's eyes, the notice that began the topic.
    if (number := word(quoted.get("message_id"))) and not service_of(quoted):
        found["in_reply_to"] = f"{chat}.{number}"[:MAX_ID]
    if album := word(message.get("media_group_id")):
        found["media_group"] = album[:MAX_ID]
    if inside(message, "forward_origin"):
        found["forwarded"] = "once"
    return found


def _by_member(message: dict[str, Any]) -> Content | None:
    """None where nothing of it can be read."""
    for name, (kind, usual) in _FILES.items():
        if item := _file(inside(message, name), usual):
            voice = {"voice": True} if name == "voice" else {}
            return Content(kind, word(message.get("caption")), (item,), voice)
    if photo := _largest(message.get("photo")):
        return Content("image", word(message.get("caption")), (photo,))
    if (sticker := inside(message, "sticker")) and (shown := _sticker(sticker)):
        return shown
    for name, value in (("venue", inside(message, "venue")), ("location", message)):
        if name in message and (place := _place(value)):
            return place
    if contact := inside(message, "contact"):
        phones = [phone] if (phone := _text(contact, "phone_number")[:64]) else []
        return Content("contact", details={"contacts": [{"name": name_of(contact), "phones": phones, "emails": []}]})
    if data := word(inside(message, "web_app_data").get("data")):
        title = _text(inside(message, "web_app_data"), "button_text")
        return Content("postback", title, details={"payload": data[:_MOST_CHARACTERS], "title": title})
    text = word(message.get("text"))
    return Content(text=text) if text else None


def _unsupported(message: dict[str, Any]) -> Content:
    rest = {name: value for name, value in message.items() if name not in _AROUND}
    kind = next(iter(rest), "")[:64]
    details: dict[str, Any] = {"name": UNSUPPORTED, "reason": f"unknown message type: {kind}"}
    given = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    if len(given.encode("utf-8", "replace")) > _MOST_GIVEN:
        details["truncated"] = True
    elif rest:
        details["given"] = given
    value = inside(rest, kind)
    words = next((found for name in _WORDS if (found := word(value.get(name)).strip())), "")
    return Content("event", text_of(message) or words, details=details)


def _file(value: dict[str, Any], usual: str) -> Media | None:
    id, size = word(value.get("file_id")), value.get("file_size")
    if not id or len(id) > MAX_ID:
        return None
    known = isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**40
    kind = _text(value, "mime_type")[:MAX_ID] or usual
    return Media(reference(id), kind, size if known else None, _text(value, "file_name")[:MAX_ID])


def _largest(sizes: Any) -> Media | None:
    """Of a photo's sizes that with the most pixels; they are always JPEG."""
    found = sorted(dicts(sizes), key=lambda one: _number(one.get("width")) * _number(one.get("height")))
    return _file(found[-1] | {"mime_type": "image/jpeg"}, "") if found else None


def _sticker(value: dict[str, Any]) -> Content | None:
    """A picture; a moving one is a film, or Telegram's own format, of which nothing but the preview can be shown."""
    if value.get("is_video") is True:
        item, kind = _file(value, "video/webm"), "video"
    elif value.get("is_animated") is True:
        item, kind = _file(inside(value, "thumbnail"), "image/webp"), "image"
    else:
        item, kind = _file(value, "image/webp"), "image"
    return Content(kind, _text(value, "emoji")[:64], (item,)) if item else None


def _place(value: dict[str, Any]) -> Content | None:
    location = inside(value, "location")
    place = {name: location.get(name) for name in ("latitude", "longitude")}
    if not all(isinstance(at, int | float) and not isinstance(at, bool) and abs(at) <= 180 for at in place.values()):
        return None
    named = {"name": _text(value, "title"), "address": _text(value, "address")}
    live = {"live": True} if location.get("live_period") else {}
    return Content("location", details=place | {name: text for name, text in named.items() if text} | live)


def name_of(person: dict[str, Any]) -> str:
    """What somebody calls themselves."""
    names = (word(person.get(name)).strip() for name in ("first_name", "last_name"))
    return (" ".join(name for name in names if name) or word(person.get("username")))[:MAX_ID]


def _text(value: dict[str, Any], name: str) -> str:
    return word(value.get(name))[:_MOST_CHARACTERS]


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**40 else 0


def _at_most(text: str) -> tuple[str, bool]:
    """(a text of at most as many bytes as a message's text may have, whether that cut it)."""
    raw = text.encode("utf-8", "replace")
    return (text, False) if len(raw) <= MAX_TEXT_BYTES else (raw[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), True)
