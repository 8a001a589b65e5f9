"""Files of a visitor: the page says what it has, puts them where it is told to, and then says them in a message."""

from __future__ import annotations

import re

from chalicelib.domain.message import UPLOADED, Media
from chalicelib.wire.fields import Fields

MOST_FILES = 5
"""Of a message."""
MOST_BYTES = 10 * 1024 * 1024
"""Of a file."""
TYPES = (
    r"image/(png|jpeg|gif|webp|heic|heif)|audio/[\w.+-]+|video/[\w.+-]+|text/(plain|csv)|application/(pdf|json|zip|rtf"
    r"|msword|vnd\.ms-(excel|powerpoint)|vnd\.(openxmlformats-officedocument|oasis\.opendocument)\.[\w.+-]+)"
)
"""What is taken: nothing that a browser or a computer would run."""


def files(fields: Fields) -> tuple[Media, ...]:
    """The member `files`, `[{"name","mime_type","size"}]`; what is wrong is noted with the fields."""
    given = fields.each("files", most=MOST_FILES)
    if not given:
        fields.refuse("files", f"must be an array of 1 to {MOST_FILES} objects")
    return tuple(_file(number, one) for number, one in enumerate(given))


def _file(number: int, fields: Fields) -> Media:
    kind = fields.text("mime_type", required=True).partition(";")[0].strip().lower()
    if kind and not re.fullmatch(TYPES, kind):
        fields.refuse("mime_type", "files of this type are not taken")
    size = int(fields.number("size", 1, MOST_BYTES))
    return Media(f"{UPLOADED}{number}", kind, size, file_name(fields.text("name", required=True)))


def file_name(given: str) -> str:
    """A file's name without what would lead out of a folder."""
    return re.sub(r"[\x00-\x1f/\\]", "_", given)


def content_type(media: tuple[Media, ...]) -> str:
    """Type of a message with these files: that of the first."""
    kind = media[0].mime_type.partition("/")[0] if media else ""
    return kind if kind in ("image", "audio", "video") else "file"
