"""TwiML: what a call is told to do. https://www.twilio.com/docs/voice/twiml"""

from __future__ import annotations

import re

from chalicelib.channels.contract import Response
from chalicelib.channels.twilio import TWIML

MOST_BYTES = 64 * 1024
"""Of a document: https://www.twilio.com/docs/api/errors/11750"""
_ROOM = 1024
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no form for (https://www.w3.org/TR/xml/#charsets): control characters, lone surrogates."""


def verb(name: str, *inside: str, **attributes: object) -> str:
    """An element; `inside` is XML. Attributes that are None are left out, `True` is `true`."""
    given = [(key, value) for key, value in attributes.items() if value is not None]
    told = "".join(f' {key}="{escaped(_said(value))}"' for key, value in given)
    return f"<{name}{told}>{''.join(inside)}</{name}>" if inside else f"<{name}{told}/>"


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def escaped(text: str) -> str:
    """Text as it may stand in XML, without what may not."""
    return _NOT_XML.sub("", text).translate(_ESCAPED)


def answer(*verbs: str) -> Response:
    """The answer that has a call do these."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'
    return Response(200, body, {"Content-Type": TWIML})


def fits(verbs: list[str]) -> bool:
    """Whether a document takes these, and a few more."""
    return sum(len(one.encode()) for one in verbs) <= MOST_BYTES - 4 * _ROOM
