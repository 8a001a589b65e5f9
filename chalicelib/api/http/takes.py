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


class Takes(BaseModel):
    """What a channel takes in one message."""

    types: list[str]
    """Types of messages that it shows as they are; others come as text."""
    files: list[FileTypes]
    """The first that names a file's type holds; of other types it takes none."""
    buttons: ButtonLimits


class Window(BaseModel):
    """Of a channel where what is said later than so long after the customer's last word needs a template."""

    open_until: str | None
    """Null: they have never written."""
