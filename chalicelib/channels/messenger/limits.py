"""What Messenger takes in one message, and until when."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.channels.meta_kind import LONGEST

_OFFICE = "application/vnd.openxmlformats-officedocument.*"
LIMITS = Limits(
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
    body=LONGEST,
    buttons=13,
    title=20,
    links=3,
    payload=1000,
    rows=13,
    row_title=20,
    window_s=24 * 3600,
    people_s=7 * 24 * 3600,
    rate_per_s=300,
)  # fmt: skip
"""Below https://developers.facebook.com/documentation/business-messaging/messenger-platform/: of texts and files
send-messages, of choices send-messages/quick-replies, of the rate overview#rate-limiting (300 texts a second of a
Page, 10 with audio or video), of the window policy."""
