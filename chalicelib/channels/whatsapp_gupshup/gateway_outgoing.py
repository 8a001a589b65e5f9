"""A message in the words of the enterprise gateway: one form, or several where WhatsApp has no one message for it.

As https://github.com/samagra-comms/adapter writes them, but in a body instead of an address.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outcome, Outgoing, Refused, Sent, TryLater
from chalicelib.channels.meta import inside, own_id
from chalicelib.channels.splitting import pieces
from chalicelib.channels.whatsapp_contents import family, opener, sections
from chalicelib.channels.whatsapp_gupshup.outgoing import LIMITS
from chalicelib.channels.wire import answered, is_nowhere, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import word

SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "template"})
_KINDS = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO", "file": "DOCUMENT"}
PASSING = frozenset({"100"})
OWNERS = frozenset({"102", "103", "104", "123", "124", "171", "175"})
"""User, password, an account that is disabled, spent or past its end, a service that is not enabled: the owner's to
mend. https://askeva.io/arabic/docs/api-errors.html has the gateway's codes."""

Form = dict[str, str]


def forms(message: Outgoing) -> list[Form]:
    """What is posted for a message, in its order."""
    found = _forms(fallback.adapted(message.content, SHOWS, LIMITS))
    around = {"send_to": message.address.lstrip("+"), "data_encoding": "text"}
    last = len(found)
    # `extra` comes back with reports, whatever becomes of the answer.
    return [one | around | {"extra": own_id(message.id, last=at == last)} for at, one in enumerate(found, 1)]


def is_template(form: Form) -> bool:
    """Whether it goes out as a template."""
    return form.get("isHSM") == "true" or "isTemplate" in form


def opt_in(message: Outgoing) -> Form:
    """What says that the user has agreed to be sent templates."""
    return {"method": "OPT_IN", "channel": "WHATSAPP", "phone_number": message.address.lstrip("+")}


def outcome(exchange: Exchange, message: Outgoing) -> Outcome:
    """What came of one form; the gateway says no with 200, and a code instead of an id."""
    if later := unanswered(exchange, message.now_ms):
        return later
    given = inside(answered(exchange), "response")
    id, details = word(given.get("id")), word(given.get("details"))[:500]
    if exchange.status < 300 and word(given.get("status")) == "success":
        return Sent(id or message.id)
    code = id[:32] or f"http_{exchange.status}"
    if code in PASSING | OWNERS or exchange.status in (401, 402, 403) or is_nowhere(exchange, id):
        return TryLater(f"{code}: {details}"[:300])
    return Refused(code, details or f"Gupshup answered {exchange.status}")


def _forms(content: Content) -> list[Form]:
    match content.type:
        case "template":
            return _template(content)
        case "buttons":
            choices = fallback.choices(content)
            buttons = [{"type": "reply", "reply": {"id": one["payload"], "title": one["title"]}} for one in choices]
            return [*_files_of(content.media), _asked("dr_button", content, {"buttons": buttons})]
        case "list":
            shown = [{"title": title, "rows": [_row(row) for row in rows]} for title, rows in sections(content)]
            return [*_files_of(content.media), _asked("list", content, {"button": opener(content), "sections": shown})]
        case kind if kind in _KINDS and content.media:
            captioned = kind != "audio" and 0 < len(content.text) <= LIMITS.caption
            first, *others = (_file(kind, item) for item in content.media)
            caption = {"caption": content.text} if captioned else {}
            return [first | caption, *others, *_texts("" if captioned else content.text)]
    return _texts(fallback.in_text(content).text)


def _texts(text: str) -> list[Form]:
    return [{"method": "SendMessage", "msg_type": "TEXT", "msg": piece} for piece in pieces(text, LIMITS)]


def _files_of(media: tuple[Media, ...]) -> list[Form]:
    return [_file(family(item), item) for item in media]


def _file(kind: str, item: Media) -> Form:
    return {"method": "SendMediaMessage", "msg_type": _KINDS[kind], "media_url": item.url, "isHSM": "false"}


def _asked(kind: str, content: Content, action: dict[str, Any]) -> Form:
    # A text is required; a question without words is asked by its answers.
    text = content.text.strip() or " / ".join(one["title"] for one in fallback.choices(content))
    asked = {"method": "SendMessage", "msg_type": "TEXT", "msg": text, "interactive_type": kind}
    return asked | {"action": json.dumps(action, ensure_ascii=False, separators=(",", ":"))}


def _row(row: dict[str, Any]) -> dict[str, str]:
    id, title, description = (word(row.get(name)) for name in ("id", "title", "description"))
    return {"id": id or title, "title": title or id} | ({"description": description} if description else {})


def _template(content: Content) -> list[Form]:
    """The gateway knows a template by its words, with the blanks filled; none where it has no words."""
    text = content.text.strip()
    if not text:
        return []
    if content.media:
        file = _file(family(content.media[0]), content.media[0])
        return [file | {"isHSM": "true", "caption": text}]
    has_buttons = bool(content.details.get("buttons"))
    return [
        {"method": "SendMessage", "msg_type": "HSM", "msg": text} | {"isTemplate" if has_buttons else "isHSM": "true"}
    ]
