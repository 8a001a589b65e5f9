"""Choices and templates of WhatsApp at Twilio: Content resources, of which a message names one and fills its blanks.

https://www.twilio.com/docs/content/content-api-resources, .../twilio-quick-reply and .../twiliolist-picker.
What is sent within 24 hours of the person's last word needs no approval, only a resource. All of its words are blanks,
so that one for each number of choices is enough: it is found by its name, and made where it is not there. Two runs
that make it at once make two, and either does.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, Refused, TryLater
from chalicelib.channels.fallback import choices
from chalicelib.channels.whatsapp_contents import opener, sections
from chalicelib.channels.wire import SOON_S, answered
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import Content
from chalicelib.wire.json_body import dicts, word

_SID = re.compile(r"HX[0-9A-Za-z]{1,64}")
_LANGUAGE = "en"
APPROVED = "whatsapp:approved"


@dataclass(frozen=True, slots=True)
class Layout:
    """A resource whose words are all blanks, and what fills them in one message."""

    name: str
    type: str
    value: dict[str, Any]
    filled: list[str]

    def body(self) -> dict[str, Any]:
        """What it is made with; each blank has a sample."""
        samples = {str(at): f"sample {at}" for at in range(1, len(self.filled) + 1)}
        return {
            "friendly_name": self.name,
            "language": _LANGUAGE,
            "variables": samples,
            "types": {self.type: self.value},
        }

    def variables(self) -> str:
        """What fills it, as JSON."""
        return filled({str(at): text for at, text in enumerate(self.filled, 1)})


def layout(content: Content) -> Layout | None:
    """How buttons or a list are shown; None where the titles of sections would be lost, which it has none of."""
    asked = content.text.strip() or " / ".join(one["title"] for one in choices(content))
    texts: list[str] = []

    def blank(text: str) -> str:
        texts.append(text)
        return f"{{{{{len(texts)}}}}}"

    if content.type == "buttons":
        value: dict[str, Any] = {"body": blank(asked)}
        value["actions"] = [{"title": blank(one["title"]), "id": blank(one["payload"])} for one in choices(content)]
        return Layout(f"parley_buttons_{len(value['actions'])}", "twilio/quick-reply", value, texts)
    found = sections(content)
    if any(title for title, _ in found):
        return None
    rows = [row for _, each in found for row in each]
    value = {"body": blank(asked), "button": blank(opener(content)), "items": []}
    for row in rows:
        title, id, more = (word(row.get(name)) for name in ("title", "id", "description"))
        item = {"item": blank(title or id), "id": blank(id or title)}
        value["items"].append(item | ({"description": blank(more)} if more else {}))
    described = "".join("d" if "description" in item else "r" for item in value["items"])
    return Layout(f"parley_list_{described}", "twilio/list-picker", value, texts)


async def made(layout: Layout, channel: Channel, call: Call) -> str:
    """The id of the layout's resource; empty where there is none and none can be made, whatever the reason."""
    found = await _named(layout.name, channel, call, {})
    if isinstance(found, TryLater | Refused):
        return ""
    if found:
        return word(found[0].get("sid"))
    raw = json.dumps(layout.body(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json", **twilio.authorised(channel)}
    exchange = await call("POST", f"{_base(channel)}/v1/Content", headers=headers, body=raw, timeout_s=SOON_S)
    id = word(answered(exchange).get("sid")) if 200 <= exchange.status < 300 else ""
    return id if _SID.fullmatch(id) else ""


async def template(details: dict[str, Any], channel: Channel, call: Call) -> str | TryLater | Refused:
    """The id of an approved template that is named by that or by its name, in its language where one is given."""
    name, language = word(details.get("id")) or word(details.get("name")), word(details.get("language"))
    if not name:
        return Refused("bad_template", "a template needs its name")
    if _SID.fullmatch(name):
        return name
    found = await _named(name, channel, call, {"ChannelEligibility": APPROVED}, "ContentAndApprovals")
    if isinstance(found, TryLater | Refused):
        return found
    spoken = [one for one in found if not language or _is(word(one.get("language")), language)]
    if not spoken:
        where = f" in the language {language}" if found else ""
        return Refused("no_such_template", f"Twilio has no approved template {name}{where}"[:300])
    return word(spoken[0].get("sid"))


def _is(language: str, wanted: str) -> bool:
    return language.replace("-", "_").lower() == wanted.replace("-", "_").lower()


def parameters(details: dict[str, Any]) -> str:
    """What fills a template's blanks, as JSON: by their names, or in the order of their numbers; empty for none."""
    given = details.get("parameters")
    if isinstance(given, list | tuple):
        given = {str(at): one for at, one in enumerate(given, 1)}
    return filled(given) if isinstance(given, dict) and given else ""


def filled(values: dict[str, Any]) -> str:
    """Values of blanks as JSON; an empty one is refused, so it is a space."""
    texts = {name: word(one) or (f"{one:g}" if isinstance(one, float) else "") or " " for name, one in values.items()}
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


async def _named(
    name: str, channel: Channel, call: Call, more: dict[str, str], what: str = "Content"
) -> list[dict[str, Any]] | TryLater | Refused:
    query = {"ContentName": f"^{re.escape(name)}$", **more, "PageSize": "50"}
    exchange = await twilio.asked(f"{_base(channel)}/v2/{what}?{urlencode(query, errors='replace')}", channel, call)
    if trouble := twilio_errors.of(exchange, 0):
        return trouble
    found = dicts(answered(exchange).get("contents"))
    return [one for one in found if word(one.get("friendly_name")) == name and _SID.fullmatch(word(one.get("sid")))]


def _base(channel: Channel) -> str:
    return twilio.base_url(channel, "content")
