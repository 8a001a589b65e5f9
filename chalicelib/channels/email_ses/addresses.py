"""Addresses of mail: how they are spelled here, what stands behind a plus, and which of that we wrote ourselves.

A reply is known by the word behind the plus of the address that it goes to (`help+t.<thread><check>@...`), as some
programs drop every header by which it could be told. The check is made with the channel's own key: nobody who was not
written to knows the word of a thread.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from binascii import Error

MOST = 254
"""Characters of an address: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1"""
THREAD, LEAVE = "t.", "u."
"""How the word begins of an address that is answered to, and of one by which one unsubscribes."""
_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,;:\"\x00-\x20\x7f]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,185}[a-z0-9])?")
_THREAD, _CHECK = 26, 12
_LONGEST_LOCAL = 64


def normal(text: str) -> str:
    """An address in lower case, its domain as the DNS has it; empty where it is none. What is behind a plus stays."""
    local, _, domain = text.strip().lower().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return ""
    found = f"{local}@{domain}"
    return found if len(found) <= MOST and _ADDRESS.fullmatch(found) else ""


def untagged(address: str) -> tuple[str, str]:
    """(the address without what is behind the plus, that)."""
    local, _, domain = address.rpartition("@")
    plain, _, tag = local.partition("+")
    return (f"{plain}@{domain}", tag) if plain else (address, "")


def tagged(address: str, begins: str, thread: str, key: str) -> str:
    """The channel's own address with a word that names a thread; as it is where that would be too long or none can be
    made."""
    local, _, domain = address.rpartition("@")
    word = f"{begins}{thread.removeprefix('th_')}{_check(key, begins, thread)}"
    if not key or len(local) + 1 + len(word) > _LONGEST_LOCAL:
        return address
    return f"{local}+{word}@{domain}"


def thread_of(tag: str, begins: str, key: str) -> str:
    """The thread that such a word names; empty where it is none, or not of our making."""
    word = tag.lower().removeprefix(begins)
    thread, check = f"th_{word[:_THREAD]}", word[_THREAD:]
    right = tag.lower().startswith(begins) and word.isascii() and len(word) == _THREAD + _CHECK
    return thread if right and key and hmac.compare_digest(check, _check(key, begins, thread)) else ""


def leaving(address: str, key: str) -> str:
    """A word for the address of a page on which one unsubscribes."""
    named = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
    return f"{named}.{_check(key, LEAVE, address)}"


def leaver(word: str, key: str) -> str:
    """Whose such a word is; empty where it is none, or not of our making."""
    named, _, check = word.rpartition(".")
    try:
        address = base64.urlsafe_b64decode(named.encode() + b"=" * (-len(named) % 4)).decode()
    except (Error, ValueError):
        return ""
    right = key and check.isascii() and hmac.compare_digest(check, _check(key, LEAVE, address))
    return address if right and address == normal(address) else ""


def _check(key: str, purpose: str, about: str) -> str:
    made = hmac.new(key.encode(), f"{purpose}\x1f{about}".encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.b32encode(made).decode().lower()[:_CHECK]
