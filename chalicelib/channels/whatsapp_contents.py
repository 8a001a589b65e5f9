"""What WhatsApp's users are and say, and what they are sent, in forms that its API and that of its partners share."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.channels.whatsapp_limits import LIMITS
from chalicelib.domain.message import Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

MOST_CHARACTERS = 4096
"""Of a title, a name or an address; what somebody writes may be as long as a message's text."""
MOST_ITEMS = 50
_MOST_WAYS = 10
"""Phones and e-mail addresses of one shared contact."""
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,160}")


def identities_of(number: str, user_id: str) -> tuple[tuple[str, str], ...]:
    """What is known of a user by their number, as WhatsApp writes it, and the id that they have for one business:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids"""
    plain = number.removeprefix("+")
    phone = [("phone", f"+{plain}")] if plain.isascii() and plain.isdecimal() and 7 <= len(plain) <= 15 else []
    if not phone and _USER_ID.fullmatch(number):
        # Of a user without a number the id stands in its place.
        user_id = user_id or number
    return (*phone, *([("external", user_id)] if user_id and len(user_id) <= MAX_ID else []))


def text_in(value: dict[str, Any], name: str) -> str:
    """A title, a name, an address; empty where there is none."""
    return word(value.get(name))[:MOST_CHARACTERS]


def texts_in(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Those of them that there are."""
    return {name: text for name in names if (text := text_in(value, name))}


def postback(payload: str, title: str) -> Content:
    """A button that was pressed, a row that was chosen."""
    return Content("postback", title, details={"payload": payload or title, "title": title})


def contacts(given: Any) -> Content:
    """People's cards, as Meta has them."""
    people = []
    for one in dicts(given)[:MOST_ITEMS]:
        name = one.get("name")
        people.append({
            "name": text_in(name, "formatted_name")[:MAX_ID] if isinstance(name, dict) else "",
            "phones": [text_in(phone, "phone")[:64] for phone in dicts(one.get("phones"))[:_MOST_WAYS]],
            "emails": [text_in(email, "email")[:MAX_ID] for email in dicts(one.get("emails"))[:_MOST_WAYS]],
        })  # fmt: skip
    return Content("contact", details={"contacts": people})


def location(value: dict[str, Any]) -> Content | None:
    """A place, whose coordinates may be numbers or text; None where it has none."""
    place = {name: _degrees(value.get(name)) for name in ("latitude", "longitude")}
    if None in place.values():
        return None
    return Content("location", details=place | texts_in(value, ("name", "address", "url")))


def _degrees(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value[:32])
        except ValueError:
            return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) <= 180 else None


def opener(content: Content) -> str:
    """The title of the button that opens a list, cut so that it is seen: it only names what it opens."""
    title = word(content.details.get("button")) or "Options"
    return title if len(title) <= LIMITS.opener else title[: LIMITS.opener - 1].rstrip() + "…"


def sections(content: Content) -> list[tuple[str, list[dict[str, Any]]]]:
    """(title, rows) of each section of a list that has rows; where there are several, each has a title."""
    given = [section for section in dicts(content.details.get("sections")) if dicts(section.get("rows"))]
    titles = [word(one.get("title")) or (str(at) if len(given) > 1 else "") for at, one in enumerate(given, 1)]
    return [(title, dicts(section.get("rows"))) for title, section in zip(titles, given, strict=True)]


def family(item: Media) -> str:
    """image, audio, video or file."""
    kind = item.mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"
