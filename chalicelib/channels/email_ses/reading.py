"""A mail as it is kept (MIME, RFC 5322) read: who writes, what of it is new, and what is attached.

Nothing here raises, whatever is wrong with the mail: it has come, and nobody can be asked to send it again. What says
of itself to be in a character set that it is not in is read as UTF-8, else as Latin-1, which nothing is wrong in.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32, compat32
from email.utils import collapse_rfc2231_value, getaddresses
from typing import Any

from chalicelib.channels.email_ses import bounded
from chalicelib.channels.email_ses.addresses import normal

MOST_FILES = 20
_MOST_PARTS = 200
_MOST_HEAD = 64 * 1024
_MOST_HEADER, _MOST_IDS, _LONGEST_ID = 8000, 20, 250
_MOST_READ = 256 * 1024
"""Bytes of a body that are looked at: what is said takes no more."""
_MOST_HEADERS, _MOST_WITHIN = 5000, 50
"""Headers of a mail with all of its parts, and how many of these hold others: each line is looked at for each."""
_ID = re.compile(r"<([^<>\s]{1,250})>")
_BARE = re.compile(r"[^<>\s]{1,250}")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_NAMES = {"text/calendar": "invite.ics", "message/rfc822": "message.eml", "application/ms-tnef": "winmail.dat"}
"""What files are called that have no name."""
_SES = re.compile(r"([^@]+)@(?:email|[a-z0-9-]+)\.amazonses\.com", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file."""

    name: str
    mime_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, and by whom."""

    sender: str
    """Of From, in lower case; empty where there is none that one can write to."""
    name: str
    subject: str
    text: str
    """All of its words."""
    message_id: str
    """The sender's, without brackets; empty where there is none."""
    answers: tuple[str, ...]
    """Ids of what it answers, the nearest first: those that SES gave as they are without its domain."""
    references: tuple[str, ...]
    """Ids of the mails before it, as they stand there."""
    automatic: str
    """Why nobody wrote it but a machine; empty where somebody did."""
    files: tuple[Attached, ...]
    left_out: int = 0
    """Files beyond those."""


class _Bounded(Compat32):
    """Headers as they stand, of which none is longer than what is looked at: the standard library takes apart what some
    say (`; a=b; c=d; ...`) in time with the square of it, while it reads."""

    seen: tuple[list[int], list[int]] = ([], [])
    """Lengths of the headers so far; and of those that say that there are parts within."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        self.seen[0].append(len(value))
        if name.lower() == "content-type" and value.lstrip().lower().startswith(("multipart/", "message/")):
            self.seen[1].append(len(value))
        if len(self.seen[0]) > _MOST_HEADERS or len(self.seen[1]) > _MOST_WITHIN:
            raise MessageError("more than a mail has that somebody means to be read")
        return name, value[:_MOST_HEADER]


def _bounded() -> Any:
    """That for one mail."""
    made: Any = _Bounded
    return made(seen=([], []))


def read(raw: bytes) -> Letter:
    """A mail; what cannot be read of it is empty."""
    try:
        message = email.message_from_bytes(raw, policy=_bounded())
        parts = list(_leaves(message))
    except (MessageError, ValueError, TypeError, LookupError, RecursionError):
        # More parts within each other than people write, or what no standard knows: who wrote it is read all the same.
        message, parts = _head(raw), []
    name, sender = _people(_headers(message, "from")[:1])
    plain, html = _bodies(parts)
    files = [one for part in parts if (one := _file(part, html)) is not None]
    references = tuple(_ids(message, "references"))[-_MOST_IDS:]
    answered = [*_ids(message, "in-reply-to")[:1], *reversed(references)]
    return Letter(
        normal(sender),
        _clean(name)[:200],
        _clean(_header(message, "subject"))[:500],
        plain.strip() or bounded.words(html),
        (_ids(message, "message-id") or [""])[0],
        tuple(dict.fromkeys(without_ses(one) for one in answered)),
        references,
        _automatic(message, sender),
        tuple(files[:MOST_FILES]),
        max(0, len(files) - MOST_FILES),
    )


def _head(raw: bytes) -> Message:
    """The headers alone; none where not even they can be read."""
    try:
        return BytesHeaderParser(policy=compat32).parsebytes(raw[:_MOST_HEAD])
    except (MessageError, ValueError, TypeError, LookupError, RecursionError):
        return Message(policy=compat32)


def recipients(raw: bytes) -> tuple[str, ...]:
    """The addresses that a mail names in To and Cc, without reading all of it."""
    try:
        message = BytesHeaderParser(policy=compat32).parsebytes(raw[:_MOST_HEAD])
        return _addresses(message)
    except (MessageError, ValueError, TypeError, LookupError, RecursionError):
        return ()


def _addresses(message: Message) -> tuple[str, ...]:
    return tuple(found for _, one in getaddresses(_headers(message, "to", "cc")) if (found := normal(one)))[:50]


def _people(headers: list[str]) -> tuple[str, str]:
    """(name, address) of the first in them; empty where there is none, or brackets within brackets without end."""
    try:
        return (getaddresses(headers) or [("", "")])[0]
    except RecursionError:
        return "", ""


def without_ses(id: str) -> str:
    """The id of a mail as SES gave it to who sent it, of which recipients see `<id@region.amazonses.com>`."""
    found = _SES.fullmatch(id)
    return found[1] if found else id


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in their order; a mail within a mail is one."""
    todo, seen = [message], 0
    while todo and seen < _MOST_PARTS:
        part, seen = todo.pop(), seen + 1
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_type() != "message/rfc822":
            todo.extend(one for one in reversed(inner) if isinstance(one, Message))
        else:
            yield part


def _bodies(parts: list[Message]) -> tuple[str, str]:
    """(words as text, words as HTML): some programs put text around pictures, so there may be several of each."""
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for part in parts:
        kind = part.get_content_type()
        if kind in found and not _is_attached(part):
            found[kind].append(_words(part))
    return "\n".join(found["text/plain"])[:_MOST_READ], "\n".join(found["text/html"])[:_MOST_READ]


def _words(part: Message) -> str:
    raw = _bytes(part)[:_MOST_READ]
    charset = _plain(part.get_content_charset() or "")
    for one in (charset, "utf-8"):
        try:
            return _clean_text(raw.decode(one or "utf-8"))
        except (LookupError, ValueError):
            continue
    return _clean_text(raw.decode("latin-1"))


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file(part: Message, html: str) -> Attached | None:
    """The file that a part is; None where it is words, nothing at all, or a picture that stands within the words."""
    kind = part.get_content_type().lower()
    if kind in ("text/plain", "text/html") and not _is_attached(part):
        return None
    cid = _header(part, "content-id").strip().strip("<>")
    if cid and f"cid:{cid}" in html and part.get_content_disposition() != "attachment":
        return None
    body = _bytes(part)
    if not body:
        return None
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    name = _file_name(part) or _NAMES.get(kind, "")
    return Attached(name, kind, body)


def _bytes(part: Message) -> bytes:
    inner = part.get_payload()
    try:
        if isinstance(inner, list):
            return inner[0].as_bytes() if inner and isinstance(inner[0], Message) else b""
        found = part.get_payload(decode=True)
    except (MessageError, ValueError, TypeError, LookupError, AttributeError, KeyError, RecursionError):
        return b""
    return found if isinstance(found, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        given = part.get_filename() or ""
        text = given if isinstance(given, str) else collapse_rfc2231_value(given)
    except (MessageError, ValueError, TypeError, LookupError):
        return ""
    # Without the folders of whoever attached it.
    return _clean(_decoded(text)).replace("\\", "/").rpartition("/")[2].strip(". ")[:200]


def _header(message: Message, name: str) -> str:
    try:
        return _decoded(str(message.get(name, ""))[:_MOST_HEADER])
    except (MessageError, ValueError, TypeError, LookupError):
        return ""


def _headers(message: Message, *names: str) -> list[str]:
    return [_decoded(str(one)[:_MOST_HEADER]) for name in names for one in message.get_all(name, ())[:10]]


def _decoded(text: str) -> str:
    """A header's words, of which some may be encoded (RFC 2047)."""
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, ValueError, TypeError, LookupError):
        return text


def _ids(message: Message, name: str) -> list[str]:
    """Ids of mails in a header; some programs leave the brackets out."""
    text = _clean(_header(message, name))
    found = _ID.findall(text) or (_BARE.findall(text)[:1] if name == "message-id" else [])
    return [one for one in found if len(one) <= _LONGEST_ID][: 5 * _MOST_IDS]


def _automatic(message: Message, sender: str) -> str:
    """By which header or sender a mail is a machine's: https://www.rfc-editor.org/rfc/rfc3834#section-2"""
    said = _header(message, "auto-submitted").partition(";")[0].strip().lower()
    if said and said != "no":
        return f"auto-submitted: {said}"[:64]
    precedence = _header(message, "precedence").strip().lower()
    if precedence in ("bulk", "list", "junk", "auto_reply", "auto-reply"):
        return f"precedence: {precedence}"
    for name in ("list-id", "x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-autogenerated"):
        if name in message and _header(message, name).strip().lower() not in ("", "no", "none"):
            return name
    if _header(message, "return-path").strip() == "<>":
        return "no sender"
    if message.get_content_type() == "multipart/report":
        return "multipart/report"
    local = sender.rpartition("@")[0].lower().replace("_", "-").replace(".", "-")
    if local in ("mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"):
        return f"from {local}"
    return ""


def _clean(text: str) -> str:
    """On one line, without what is no sign."""
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _clean_text(text: str) -> str:
    return _plain(text).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
