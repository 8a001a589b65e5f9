"""What Messenger takes in one message, and until when."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.channels.limits import MEGABYTE, FileLimit
from chalicelib.channels.meta_kind import TAKES

_OFFICE = "application/vnd.openxmlformats-officedocument.*"
LIMITS = replace(
    TAKES,
    files=(
        FileLimit(
            (
                "image/jpeg", "image/png", "image/gif", "audio/*", "video/*", "application/pdf", "text/plain",
                "text/csv", "application/zip", "application/msword", "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint", _OFFICE,
            ),
            25 * MEGABYTE,
        ),
    ),
    text=2000,
)  # fmt: skip
"""Below https://developers.facebook.com/documentation/business-messaging/messenger-platform/: of texts and files
send-messages, of choices send-messages/quick-replies, of the rate overview#rate-limiting (300 texts a second of a
Page, 10 with audio or video), of the window policy."""
