"""What a channel takes, as the API tells whoever writes to a customer on it."""

from __future__ import annotations

from pydantic import BaseModel


class FileTypes(BaseModel):
    """How large a file of some types may be."""

    types: list[str]
    """Each a media type, or how it begins and then a `*`."""
    most_bytes: int


class ButtonLimits(BaseModel):
    """How many buttons a message may have, and how long their titles may be."""

    most: int
    title: int | None


class RowLimits(BaseModel):
    """How many rows a list may have, and how long what stands in them may be."""

    most: int | None
    title: int | None
    description: int | None


class Takes(BaseModel):
    """What a channel takes in one message. Null is as much as may be; what does not fit comes in another form, as
    buttons that are too many do as a list or as numbered text."""

    types: list[str]
    """Types of messages that it shows as they are; others come as text."""
    text: int | None
    """Length of a text; what is longer goes out as several messages."""
    counted: str
    """What lengths are counted in: characters, bytes (of UTF-8) or utf-16 (code units)."""
    caption: int | None
    """Length of the text of a file; what is longer goes out beside it."""
    body: int | None
    """Length of the text above buttons or a list."""
    sms: int | None
    """Of what is sent as SMS: how many of them one text may be."""
    files: list[FileTypes]
    """The first that names a file's type holds; of other types it takes none."""
    buttons: ButtonLimits
    rows: RowLimits
    window_s: int | None
    """How long after the customer's last word all but a template may be sent."""


class Window(BaseModel):
    """Of a channel where what is said later than so long after the customer's last word needs a template."""

    open_until: str | None
    """Null: they have never written."""
