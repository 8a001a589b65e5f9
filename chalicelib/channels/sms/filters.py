"""What templates of SMS gateways may do with a value: of Liquid's own filters those that a request needs, and ours.

Hashes are those that gateways ask for (CDAC: SHA-1 and SHA-512), not what we would choose.
"""

from __future__ import annotations

import hashlib
import hmac
import json as json_text
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from liquid import builtin
from liquid.filter import string_filter
from liquid.undefined import is_undefined


class Written(str):
    """A text that is written for some places already."""

    __slots__ = ("places",)
    places: frozenset[str]

    @classmethod
    def of(cls, text: str, *places: str) -> Written:
        """The text, and where it may stand as it is."""
        made = cls(text)
        made.places = frozenset(places)
        return made


def json(value: Any) -> Written:
    """A whole value of JSON, a text with its quotation marks."""
    plain = None if is_undefined(value) else value
    return Written.of(json_text.dumps(plain, ensure_ascii=False, default=str), "json")


@string_filter
def url_encode(value: str) -> Written:
    """As in a query or a form; in an address a blank as %20 is read by more."""
    return Written.of(quote_plus(value, errors="replace").replace("+", "%20"), "url", "form", "json", "header", "text")


@string_filter
def xml_escaped(value: str) -> Written:
    """With entities."""
    import html

    return Written.of(html.escape(value), "xml")


@string_filter
def digits(value: str) -> str:
    """A number without +, blanks and dashes."""
    return "".join(one for one in str(value) if one.isascii() and one.isdigit())


@string_filter
def sender_digits(value: str) -> str:
    """A sender's number without +; a name as it is."""
    return str(digits(value)) if value.strip().startswith("+") else value.strip()


@string_filter
def national(value: str, code: Any = "") -> str:
    """A number without its country's code, where it has that: `| national: 91`."""
    number, begins = digits(value), str(code)
    return str(number).removeprefix(begins) if value.strip().startswith("+") or len(number) > 10 else number


@string_filter
def char_codes(value: str) -> str:
    """Each character as `&#1234;`, those beyond U+FFFF as their two code units."""
    units = value.encode("utf-16-be", "replace")
    return "".join(f"&#{int.from_bytes(units[at : at + 2])};" for at in range(0, len(units), 2))


@string_filter
def utf16_hex(value: str) -> str:
    """The bytes of UTF-16 (big endian) in hex, as gateways take what is not GSM-7."""
    return value.encode("utf-16-be", "replace").hex().upper()


def _hash(name: str) -> Callable[[str], str]:
    def hashed(value: str) -> str:
        return hashlib.new(name, value.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    made: Callable[[str], str] = string_filter(hashed)
    return made


@string_filter
def hmac_sha256(value: str, key: Any = "") -> str:
    """In hex, with a key."""
    return hmac.new(str(key).encode("utf-8", "replace"), value.encode("utf-8", "replace"), "sha256").hexdigest()


_OF_LIQUID = (
    "append", "prepend", "remove", "remove_first", "replace", "replace_first", "slice_", "split", "join", "first",
    "last", "size", "default", "strip", "lstrip", "rstrip", "strip_newlines", "squish", "upcase", "downcase",
    "capitalize", "truncate", "base64_encode", "base64_url_safe_encode", "plus", "minus", "times", "divided_by",
    "modulo",
)  # fmt: skip
FILTERS: dict[str, Callable[..., Any]] = {
    **{name.rstrip("_"): getattr(builtin, name) for name in _OF_LIQUID},
    **{
        one.__name__: one
        for one in (json, url_encode, digits, sender_digits, national, char_codes, utf16_hex, hmac_sha256)
    },
    **{name: _hash(name) for name in ("md5", "sha1", "sha256", "sha512")},
    "escape": xml_escaped,
}
"""Name -> what it does."""
