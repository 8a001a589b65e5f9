"""Keeping a file as number n of a message, once its first bytes were looked at.

It is kept under a key that the message's id and the number make, so twice is once. What is not to be had is kept, too:
nothing, with the reason; so nobody asks for it again. A message keeps what it says of its files whatever they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.file_types import HEAD, OCTETS, judged, most_bytes
from chalicelib.ports import log, media

EMPTY, TOO_LARGE = "empty", "too_large"
_REFUSED, _IS_REALLY = "refused", "is-really"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a file of a message."""

    mime_type: str
    """As which it is handed on: `application/octet-stream` where it is nothing that is known to be harmless."""
    size: int
    refused: str = ""
    """Why it is not to be had; empty where it is."""
    is_really: str = ""
    """What it is, where it is something else than was said of it."""


def key_of(message: str, number: int) -> str:
    """Where the file is kept."""
    return f"{message}/{number}"


def keep(message: str, number: int, body: bytes, mime_type: str) -> Kept:
    """Keep `body` as file `number` (from 0) of a message, whose `Media` of that number says this type. The same again
    changes nothing; an empty or too large one is not kept, and known as such from then on."""
    if not body:
        return refuse(message, number, EMPTY)
    file = judged(body[:HEAD], mime_type)
    if len(body) > most_bytes(file.mime_type):
        return refuse(message, number, TOO_LARGE)
    media.keep(key_of(message, number), body, file.mime_type, _facts(file.is_really))
    return _told(message, Kept(file.mime_type, len(body), is_really=file.is_really), said=mime_type)


def take(message: str, number: int, put_as: str = "") -> bool:
    """Keep as file `number` what a page has put for it, or put as another. False where nothing was put."""
    key = key_of(message, number)
    begun = media.begins(put_as or key, HEAD)
    if begun is None:
        return False
    head, said = begun
    file = judged(head, said)
    _told(message, Kept(file.mime_type, 0, is_really=file.is_really), said=said)
    return media.take(key, put_as or key, file.mime_type, _facts(file.is_really))


def refuse(message: str, number: int, why: str) -> Kept:
    """Have it known that a file is not to be had, and why: a word."""
    media.keep(key_of(message, number), b"", OCTETS, {_REFUSED: _ascii(why)})
    return Kept(OCTETS, 0, refused=why)


def find(message: str, number: int) -> Kept | None:
    """What is known of a file; None where nobody has looked for it yet."""
    held = media.find(key_of(message, number))
    if held is None:
        return None
    facts = held.facts
    return Kept(held.mime_type, held.size, facts.get(_REFUSED, ""), facts.get(_IS_REALLY, ""))


def _facts(is_really: str) -> dict[str, str]:
    return {_IS_REALLY: is_really} if is_really else {}


def _told(message: str, kept: Kept, *, said: str) -> Kept:
    if kept.is_really:
        log.trouble("file.mismatch", message=message, said=said[:100], is_really=kept.is_really)
    return kept


def _ascii(text: str) -> str:
    """What a header of S3 takes."""
    return text.encode("ascii", "replace").decode()[:200] or "gone"
