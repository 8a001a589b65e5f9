"""A message in the words of Netcore's API: one body, or several where WhatsApp has no one message for it.

https://wadocs.pepipost.com/sending-message/send-message-api and the pages beside it; buttons and lists as clients of it
have them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.channels import fallback
from chalicelib.channels.contract import Channel, Outgoing
from chalicelib.channels.meta import own_id
from chalicelib.channels.splitting import pieces
from chalicelib.channels.whatsapp_contents import family, opener, sections
from chalicelib.channels.whatsapp_limits import LIMITS as OF_WHATSAPP
from chalicelib.channels.whatsapp_netcore.incoming import OWN
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import word

LIMITS = replace(OF_WHATSAPP, links=0)
"""WhatsApp's own, but for buttons that lead somewhere."""
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "template"})
_FILES = ("image", "audio", "video", "file")

Body = dict[str, Any]


def bodies(message: Outgoing, channel: Channel) -> list[Body]:
    """What is posted for a message, in its order."""
    content = fallback.adapted(message.content, SHOWS, LIMITS)
    found = _bodies(content)
    around = {
        "recipient_whatsapp": message.address.lstrip("+"),
        "recipient_type": "individual",
        "source": word(channel.settings.get("source")),
    }
    last = len(found)
    # Comes back with receipts, whatever becomes of the answer.
    return [around | {OWN: own_id(message.id, last=place == last)} | one for place, one in enumerate(found, 1)]


def is_fetched(body: Body) -> bool:
    """Whether Netcore is told of a file."""
    return "type_media" in body or "type_media_template" in body


def _bodies(content: Content) -> list[Body]:
    details = content.details
    match content.type:
        case "template":
            return _template(content)
        case "buttons":
            choices = fallback.choices(content)
            buttons = [{"type": "reply", "reply": {"id": one["payload"], "title": one["title"]}} for one in choices]
            return [*_files_of(content.media), _interactive("button", content, {"buttons": buttons})]
        case "list":
            shown = [{"title": title, "rows": [_row(row) for row in rows]} for title, rows in sections(content)]
            action = {"button": opener(content), "sections": shown}
            return [*_files_of(content.media), _interactive("list", content, action)]
        case "location" if all(isinstance(details.get(at), int | float) for at in ("latitude", "longitude")):
            place = {name: details[name] for name in ("longitude", "latitude")}
            place |= {name: text for name in ("name", "address") if (text := word(details.get(name)))}
            return [*_texts(content.text), {"message_type": "location", "type_location": [place]}]
        case kind if kind in _FILES and content.media:
            return _files(kind, content.media, content.text)
    return _texts(fallback.in_text(content).text)


def _texts(text: str) -> list[Body]:
    return [
        {"message_type": "text", "type_text": [{"preview_url": "false", "content": piece}]}
        for piece in pieces(text, LIMITS)
    ]


def _files(kind: str, media: tuple[Media, ...], text: str) -> list[Body]:
    """Each file, with the text below the first where it is short enough, else behind them all."""
    captioned = kind != "audio" and 0 < len(text) <= LIMITS.caption
    first, *others = media
    found = [_file(kind, first, text if captioned else ""), *(_file(kind, item) for item in others)]
    return [*found, *_texts("" if captioned else text)]


def _files_of(media: tuple[Media, ...]) -> list[Body]:
    return [_file(family(item), item) for item in media]


def _file(kind: str, item: Media, caption: str = "") -> Body:
    file = {"attachment_url": item.url, "attachment_type": "document" if kind == "file" else kind}
    file |= {"filename": item.name} if kind == "file" and item.name else {}
    file |= {"caption": caption} if caption else {}
    return {"message_type": "media", "type_media": [{"attachments": [file]}]}


def _interactive(kind: str, content: Content, action: Body) -> Body:
    # A body is required; a question without words is asked by its answers.
    text = content.text.strip() or " / ".join(one["title"] for one in fallback.choices(content))
    return {"message_type": "interactive", "type_interactive": [{"type": kind, "body": text, "action": [action]}]}


def _row(row: Body) -> Body:
    id, title, description = (word(row.get(name)) for name in ("id", "title", "description"))
    return {"id": id or title, "title": title or id} | ({"description": description} if description else {})


def _template(content: Content) -> list[Body]:
    """None where it has no name."""
    details, given = content.details, content.details.get("parameters")
    values = list(given.values()) if isinstance(given, dict) else given if isinstance(given, list) else []
    language = {"locale": word(details.get("language")) or "en", "policy": "deterministic"}
    template = {"name": word(details.get("name")), "attributes": [word(one) for one in values], "language": language}
    if not template["name"]:
        return []
    body: Body = {"message_type": "template", "type_template": [template]}
    for item in content.media[:1]:
        kind = {"image": "image", "video": "video"}.get(family(item), "document")
        file = {"type": kind, "url": item.url} | ({"filename": item.name} if kind == "document" and item.name else {})
        body |= {"message_type": "media_template", "type_media_template": file}
    return [body]
