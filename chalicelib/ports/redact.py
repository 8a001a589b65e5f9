"""What of an exchange may be shown and stored: nothing that opens a door."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

from chalicelib.domain.exchange import Exchange

BLANK = "[redacted]"
LEAST = 4
"""Characters of a secret; of fewer it is none, and would blank out half a text."""
_SHOWN = 4096
"""Bytes of a body that are looked at; far more than is ever shown, so that no secret is cut in half at the end."""
_WORDS = r"authorization|auth|cookie|credential|key|pass|passwd|password|secret|signature|token"
_SECRETIVE = r"token|secret|passw(?:or)?d|authorization|api_?key|signature"
_NAME = re.compile(rf"(?:^|[-_]|\b)(?:{_WORDS})s?(?:$|[-_])|(?:token|secret|password|api_?key)$", re.IGNORECASE)
_VALUES = (
    # "access_token": "..." in JSON, access_token=... in forms and queries.
    re.compile(rf'("[^"]{{0,40}}(?:{_SECRETIVE})"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.I),
    re.compile(rf"(\b[\w-]{{0,40}}(?:{_SECRETIVE})=)[^&\s\"'<>]+", re.I),
    re.compile(r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", re.I),
    re.compile(r"()\bwhsec_[A-Za-z0-9+/=_-]+"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),  # a JSON web token
)


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with the values of those blanked out whose name speaks of a credential."""
    return {name: BLANK if _NAME.search(name) else value for name, value in headers.items()}


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it may stand in a text: in JSON, in an address, in base64."""
    packed = b64encode(secret.encode()).decode()
    return secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/"), quote(secret, safe=""), packed


def head_of(exchange: Exchange, limit: int = 256, *, secrets: Iterable[str] = ()) -> str:
    """The first `limit` characters of the response's body, printable, for the log of attempts.

    `secrets` (and their JSON, URL and base64 forms) are blanked out wherever they stand, and so are values that look
    like a credential. Bytes that are no UTF-8 and control characters become one blank.
    """
    text = blanked(exchange.body[:_SHOWN].decode("utf-8", "replace"), secrets)
    text = "".join(char if char.isprintable() and char != "\ufffd" else " " for char in text)
    return " ".join(text.split())[:limit]


def blanked(text: str, secrets: Iterable[str] = ()) -> str:
    """A text of somebody else's without `secrets` (nor their JSON, URL and base64 forms) and what looks like one."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in _forms(secret):
            text = text.replace(form, BLANK)
    for pattern in _VALUES:
        text = pattern.sub(lambda match: match.group(1) + BLANK, text)
    return text


def of_provider(text: str, secrets: Mapping[str, str], settings: Mapping[str, object]) -> str:
    """Words of a channel's provider without the channel's secrets, in whatever setting they stand: a provider may
    repeat what it was given, as Meta names a malformed token in full."""
    urls = [urlsplit(value) for value in settings.values() if isinstance(value, str)]
    values = [*secrets.values(), *(value for url in urls for _, value in parse_qsl(url.query))]
    return blanked(text, [value for value in values if len(value) >= LEAST])
