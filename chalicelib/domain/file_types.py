"""What a file is by its first bytes, and as what it may be handed on: whoever sends one may say that it is anything.

Signatures: https://mimesniff.spec.whatwg.org and, of what it has none, each format's own description. Only what is in
the table is told from other things; of all else what is said of it is believed, and it is handed on as a download.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 4096
"""So many bytes of a file are looked at."""
OCTETS = "application/octet-stream"
"""What is handed on as nothing in particular: no browser shows or runs it."""
HARMLESS = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/heif", "audio/*", "video/*",
    "text/plain", "text/csv", "application/pdf", "application/json", "application/zip", "application/rtf",
    "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.*", "application/vnd.oasis.opendocument.*",
)  # fmt: skip
"""Types of nothing that a browser or a computer would run."""
_PASSIVE = (*HARMLESS, "image/bmp", "image/tiff", "image/avif", "text/calendar", "text/vcard", "text/x-vcard")
_SAME = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav",
    "application/x-pdf": "application/pdf", "application/x-zip-compressed": "application/zip",
    "text/rtf": "application/rtf", "binary/octet-stream": OCTETS,
}  # fmt: skip
"""What some call a type."""

_HTML, _SVG, _SCRIPT, _PROGRAM = "text/html", "image/svg+xml", "application/x-sh", "application/x-executable"
RUN = (_HTML, _SVG, _SCRIPT, _PROGRAM)
"""What is found that a browser or a computer would run."""
_OLE = "application/x-ole-storage"
"""Old files of Office, and installers."""
_BEGIN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"MZ", _PROGRAM),
    (b"\x7fELF", _PROGRAM),
    (b"\xfe\xed\xfa\xce", _PROGRAM),
    (b"\xfe\xed\xfa\xcf", _PROGRAM),
    (b"\xce\xfa\xed\xfe", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\x00asm", _PROGRAM),
    (b"dex\n", _PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", _PROGRAM),
    (b"#!", _SCRIPT),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"hevc": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif",
    b"avif": "image/avif", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime",
}  # fmt: skip
"""Of ISO media files; what else begins so is a film, or has sound alone, which the brand does not say."""
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*|<!doctype\s+svg[^>]*>\s*)*"
    rb"(?:(?P<svg><svg[\s>:/])|(?P<script><\?php|<%@)|(?P<html><!doctype\s+html|<(?:html|head|body|script|iframe|meta"
    rb"|title|style|link|object|embed|form|div|table|h1|a|img)[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
_TEXTS = ("text/", "application/json", "application/xml", "application/x-yaml", "message/")
_IN = {
    "application/zip": ("application/zip", "application/vnd.", "application/epub+zip", "application/x-iwork"),
    _OLE: ("application/msword", "application/vnd.ms-"),
    "audio/ogg": ("audio/ogg", "audio/opus", "video/ogg", "application/ogg"),
    "video/webm": ("video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"),
    "video/mp4": (
        "video/mp4", "audio/mp4", "video/3gpp", "audio/3gpp", "video/quicktime", "video/x-m4v", "audio/x-m4a",
        "audio/m4a", "audio/aac",
    ),
    "image/heic": ("image/heic", "image/heif"),
    "image/heif": ("image/heic", "image/heif"),
}  # fmt: skip
"""What is found -> how the types begin that may be in it."""
_HEARD_OR_SEEN = "audio or video"
"""One family, as one file may be either."""
_MEGABYTE = 1024 * 1024
MOST_BYTES = {"image": 25 * _MEGABYTE, "": 100 * _MEGABYTE}
"""Of a file, by its family; "" is any other. The largest that any channel carries is a document of 100 MB."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file may be handed on as."""

    mime_type: str
    is_really: str = ""
    """What it is, where it is something else than was said of it."""


def normal(mime_type: str) -> str:
    """A media type in lower case, without parameters, and in its own name where it has several."""
    plain = mime_type.partition(";")[0].strip().lower()
    return _SAME.get(plain, plain)


def is_of(mime_type: str, types: tuple[str, ...]) -> bool:
    """Whether a type is one of some, each a media type, or how it begins and then a `*`."""
    return any(mime_type.startswith(one[:-1]) if one.endswith("*") else mime_type == one for one in types)


def most_bytes(mime_type: str) -> int:
    """How large a file of a type may be."""
    return MOST_BYTES.get(mime_type.partition("/")[0], MOST_BYTES[""])


def found(head: bytes) -> str:
    """The type that a file's first bytes show; `text/plain` of what reads as text, empty where they show none."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    for begin, mime_type in _BEGIN:
        if head.startswith(begin):
            return mime_type
    if head[:1] == b"\xff" and len(head) > 1 and head[:2] != b"\xff\xfe":
        # A frame of MPEG audio, without a word before it: by its layer, which AAC has none of.
        layer = head[1] & 0b11100110
        if layer in (0b11100010, 0b11100100):
            return "audio/mpeg"
        if head[1] & 0b11110110 == 0b11110000:
            return "audio/aac"
    if markup := _MARKUP.match(head[:HEAD]):
        return {"svg": _SVG, "script": _SCRIPT}.get(markup.lastgroup or "", _HTML)
    return "text/plain" if _is_text(head[:HEAD]) else ""


def judged(head: bytes, said: str) -> Judged:
    """What a file may be handed on as, by its first bytes and what was said of it."""
    said, is_in = normal(said), found(head)
    unsaid = said in ("", OCTETS)
    if is_in in RUN:
        return Judged(OCTETS, "" if unsaid or said == is_in or not _is_passive(said) else is_in)
    if unsaid:
        return Judged(is_in if _is_passive(is_in) else OCTETS)
    if _agrees(said, is_in):
        return Judged(said if _is_passive(said) else OCTETS)
    if _family(said) == _family(is_in) and _family(said) in ("image", _HEARD_OR_SEEN):
        # Whoever shows it is helped by what it is.
        return Judged(is_in)
    return Judged(is_in if _is_passive(is_in) else OCTETS, is_in or OCTETS)


def _agrees(said: str, is_in: str) -> bool:
    if not is_in:
        # Nothing is known against it, unless its files begin with what they are.
        return said not in _KNOWN
    if is_in == "text/plain":
        return said.startswith(_TEXTS) or (said not in _KNOWN and _family(said) not in ("image", _HEARD_OR_SEEN))
    return said == is_in or said.startswith(_IN.get(is_in, (is_in,)))


def _family(mime_type: str) -> str:
    family = mime_type.partition("/")[0]
    return _HEARD_OR_SEEN if family in ("audio", "video") else family


def _is_passive(mime_type: str) -> bool:
    return is_of(mime_type, _PASSIVE)


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    for last in range(len(head), max(0, len(head) - 4), -1):
        # The end of the head may be within a character.
        try:
            head[:last].decode()
        except UnicodeDecodeError:
            continue
        return True
    # An older encoding of the west: text all the same, as nothing in it says otherwise.
    return sum(byte > 127 for byte in head) * 3 < len(head)


_KNOWN = frozenset(
    mime_type
    for mime_type in (
        *(mime_type for _, mime_type in _BEGIN), *_RIFF.values(), *_BRANDS.values(),
        "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    )
    if _family(mime_type) != _HEARD_OR_SEEN
)  # fmt: skip
"""Types of which all files begin in a way of their own. Of sounds and films too many begin with what is cut off."""
