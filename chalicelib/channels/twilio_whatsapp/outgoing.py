"""A message in the words of WhatsApp at Twilio: one form, or several where there is no one message for it.

https://www.twilio.com/docs/whatsapp/api and .../whatsapp/message-features (places)
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.channels import fallback
from chalicelib.channels.splitting import pieces
from chalicelib.channels.twilio_outgoing import Form
from chalicelib.channels.twilio_whatsapp.limits import LIMITS
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import word

SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "template"})
CHOICES = ("buttons", "list")
_FILES = ("image", "audio", "video", "file")


def forms(content: Content) -> list[Form]:
    """Of anything but a template; choices are numbered lines, where their resource is not to be had."""
    details = content.details
    if content.type == "location" and all(isinstance(details.get(at), int | float) for at in ("latitude", "longitude")):
        return [*_texts(content.text), _place(content)]
    if content.type in _FILES and content.media:
        captioned = content.type != "audio" and 0 < len(content.text) <= LIMITS.caption
        first = [[("Body", content.text), _file(content.media[0])]] if captioned else []
        rest = [[_file(item)] for item in content.media[len(first) :]]
        return [*first, *rest, *_texts("" if captioned else content.text)]
    if content.type in CHOICES:
        return [*([_file(item)] for item in content.media), *_texts(fallback.in_text(replace(content, media=())).text)]
    return _texts(fallback.in_text(content).text)


def filled(content: Content, id: str, variables: str) -> list[Form]:
    """A Content resource, after the files of the message."""
    blanks = [("ContentVariables", variables)] if variables else []
    return [*([_file(item)] for item in content.media), [("ContentSid", id), *blanks]]


def _texts(text: str) -> list[Form]:
    return [[("Body", part)] for part in pieces(text, LIMITS)]


def _file(item: Media) -> tuple[str, str]:
    return "MediaUrl", item.url


def _place(content: Content) -> Form:
    details = content.details
    at = f"{details['latitude']},{details['longitude']}"
    name, address = word(details.get("name")).strip(), word(details.get("address")).strip()
    label = f"|{address}" if name and address else ""
    return [("Body", (name or address or at)[: LIMITS.text]), ("PersistentAction", f"geo:{at}{label}")]
