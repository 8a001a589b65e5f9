"""Templates that Meta has approved for a WhatsApp Business Account, a page at a time.

https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates and
https://developers.facebook.com/docs/graph-api/reference/whats-app-business-hsm; pages as of
https://developers.facebook.com/docs/graph-api/results. Needs a token with `whatsapp_business_management`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels.contract import Channel, Refused, Template, Templates, TryLater
from chalicelib.channels.whatsapp import errors
from chalicelib.channels.whatsapp.place import authorised, base_url
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import dicts, word

APPROVED = "APPROVED"
_FIELDS = "name,language,status,category,components"
_BLANK = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_PLAIN_BUTTONS = ("QUICK_REPLY", "PHONE_NUMBER", "URL")
"""Buttons that need nothing when the template is sent, as long as there is no placeholder in them."""


async def templates(
    channel: Channel, call: Call, search: str, after: str, limit: int
) -> Templates | TryLater | Refused:
    """A page of what is approved, whose name or words hold `search`; the page after another by what that named as
    `following`."""
    account = word(channel.settings.get("business_account_id"))
    if not account:
        return Refused("no_business_account_id", "the channel's settings name no business_account_id")
    query = {"status": APPROVED, "fields": _FIELDS, "limit": str(limit)}
    query |= {name: value for name, value in (("name_or_content", search), ("after", after)) if value}
    url = f"{base_url(channel)}/{account}/message_templates?{urlencode(query)}"
    exchange = await call("GET", url, headers=authorised(channel))
    if trouble := errors.of(exchange, 0):
        return trouble
    given = answered(exchange)
    approved = [one for one in dicts(given.get("data")) if word(one.get("status")) == APPROVED]
    return Templates(tuple(found for one in approved if (found := _template(one))), _following(given.get("paging")))


def _following(paging: Any) -> str:
    """The cursor of the next page; there is one behind the last page, too, which then names no `next`."""
    cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
    return word(cursors.get("after")) if isinstance(cursors, dict) else ""


def _template(given: dict[str, Any]) -> Template | None:
    parts = {word(one.get("type")).upper(): one for one in dicts(given.get("components"))}
    name, body = word(given.get("name")), word(parts.get("BODY", {}).get("text"))
    if not name or not body:
        return None
    header, buttons = parts.get("HEADER", {}), dicts(parts.get("BUTTONS", {}).get("buttons"))
    blanks = list(dict.fromkeys(_BLANK.findall(body)))
    numbered = all(blank.isdecimal() for blank in blanks)
    known = {"HEADER", "BODY", "FOOTER", "BUTTONS"}
    return Template(
        name=name,
        language=word(given.get("language")),
        category=word(given.get("category")).lower(),
        body=body,
        header=word(header.get("text")),
        footer=word(parts.get("FOOTER", {}).get("text")),
        buttons=tuple(word(one.get("text")) for one in buttons),
        placeholders=tuple(sorted(blanks, key=int) if numbered else blanks),
        fillable=parts.keys() <= known and _is_plain(header) and all(_needs_nothing(one) for one in buttons),
    )


def _is_plain(header: dict[str, Any]) -> bool:
    return not header or (word(header.get("format")) == "TEXT" and not _BLANK.search(word(header.get("text"))))


def _needs_nothing(button: dict[str, Any]) -> bool:
    return word(button.get("type")).upper() in _PLAIN_BUTTONS and not _BLANK.search(word(button.get("url")))
