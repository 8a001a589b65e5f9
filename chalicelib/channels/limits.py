"""How much a channel takes in one message, as far as its provider says: who writes is told before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.channels import KINDS, load
from chalicelib.domain.message import TYPES
from chalicelib.wire.contents import MAX_BUTTONS

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileLimit:
    """How large a file of some types may be."""

    types: tuple[str, ...]
    """Each a media type, or how it begins and then a `*`."""
    most_bytes: int

    def takes(self, mime_type: str) -> bool:
        """Whether it is about files of this type."""
        return any(
            mime_type.startswith(one[:-1]) if one.endswith("*") else mime_type == one.partition(";")[0]
            for one in self.types
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel takes in one message, and for how long after the customer's last word."""

    files: tuple[FileLimit, ...]
    """The first that is about a file's type holds."""
    buttons: int = MAX_BUTTONS
    title: int = 0
    """Characters of a button's; 0: as long as may be."""
    window_s: int = 0
    """How long the customer may be written to freely since they last wrote; 0: always."""

    def wrong_with(self, mime_type: str, size: int) -> tuple[str, str] | None:
        """(`mime_type` or `size`, what is wrong with it) of a file; None where the channel takes it."""
        limit = next((one for one in self.files if one.takes(mime_type)), None)
        if limit is None:
            return "mime_type", "the channel takes no files of this type"
        if size > limit.most_bytes:
            return "size", f"the channel takes files of this type up to {limit.most_bytes // MEGABYTE} MB"
        return None


HARMLESS = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/heif", "audio/*", "video/*",
    "text/plain", "text/csv", "application/pdf", "application/json", "application/zip", "application/rtf",
    "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.*", "application/vnd.oasis.opendocument.*",
)  # fmt: skip
"""Types of nothing that a browser or a computer would run."""
USUAL = Limits((FileLimit(HARMLESS, 25 * MEGABYTE),))
"""Of a channel that does not say another."""


def of(kind: str) -> Limits:
    """Those of a channel's kind; an adapter names its own as `LIMITS`."""
    found: Limits = getattr(load(kind), "LIMITS", USUAL) if kind in KINDS else USUAL
    return found


def shown(kind: str) -> dict[str, Any]:
    """As the API tells whoever writes: `types` are those of messages that the channel shows as they are."""
    limits, can = of(kind), load(kind).CAN if kind in KINDS else frozenset()
    return {
        "types": [one for one in TYPES if one in can],
        "files": [{"types": list(one.types), "most_bytes": one.most_bytes} for one in limits.files],
        "buttons": {"most": limits.buttons, "title": limits.title or None},
    }
