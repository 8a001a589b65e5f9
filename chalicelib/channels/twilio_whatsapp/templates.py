"""Templates that WhatsApp has approved for the account's senders, a page at a time.

https://www.twilio.com/docs/content/content-api-resources#fetch-content-and-approvals
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, Refused, Template, Templates, TryLater
from chalicelib.channels.twilio_whatsapp.contents import APPROVED
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import dicts, word

_BLANK = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_PAGE = ("Page", "PageToken")
"""What of the address of the next page leads there."""


async def templates(
    channel: Channel, call: Call, search: str, after: str, limit: int
) -> Templates | TryLater | Refused:
    """A page of what is approved, whose name holds `search`; the page after another by what that named as
    `following`."""
    query = {"ChannelEligibility": APPROVED, "PageSize": str(limit)} | _page(after)
    query |= {"ContentName": re.escape(search)} if search else {}
    base = twilio.base_url(channel, "content")
    exchange = await twilio.asked(f"{base}/v2/ContentAndApprovals?{urlencode(query, errors='replace')}", channel, call)
    if trouble := twilio_errors.of(exchange, 0):
        return trouble
    given = answered(exchange)
    meta = given.get("meta")
    following = word(meta.get("next_page_url")).partition("?")[2] if isinstance(meta, dict) else ""
    found = tuple(one for content in dicts(given.get("contents")) if (one := _template(content)))
    return Templates(found, urlencode(_page(following)))


def _page(query: str) -> dict[str, str]:
    given = parse_qs(query)
    return {name: given[name][0][:512] for name in _PAGE if name in given}


def _template(given: dict[str, Any]) -> Template | None:
    """What people choose from; None where it is nothing to be read, or one of those that choices go by."""
    name, types = word(given.get("friendly_name")), given.get("types")
    shown = next(iter(dicts(list(types.values()))), {}) if isinstance(types, dict) else {}
    body = word(shown.get("body")) or word(shown.get("title"))
    if not name or not body:
        return None
    blanks = list(dict.fromkeys(_BLANK.findall(body)))
    elsewhere = {*_BLANK.findall(json.dumps(shown))} - {*blanks}
    numbers = sorted(int(blank) for blank in blanks if blank.isdecimal() and len(blank) < 4)
    in_order = numbers == list(range(1, len(blanks) + 1))
    return Template(
        name=name,
        language=word(given.get("language")),
        category=_category(given.get("approval_requests")),
        body=body,
        header=word(shown.get("header_text")),
        footer=word(shown.get("footer")) or word(shown.get("subtitle")),
        buttons=tuple(title for one in dicts(shown.get("actions")) if (title := word(one.get("title")))),
        placeholders=tuple(map(str, numbers)) if in_order else tuple(blanks),
        fillable=not elsewhere and (in_order or not numbers),
    )


def _category(requests: Any) -> str:
    for one in dicts([requests] if isinstance(requests, dict) else requests):
        whatsapp = one.get("whatsapp")
        if category := word((whatsapp if isinstance(whatsapp, dict) else one).get("category")):
            return category.lower()
    return ""
