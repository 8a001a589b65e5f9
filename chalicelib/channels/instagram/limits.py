"""What Instagram takes in one message, and until when."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.channels.meta_kind import LONGEST

LIMITS = Limits(
    files=(
        FileLimit(("image/jpeg", "image/png"), 8 * MEGABYTE),
        FileLimit(
            (
                "audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav", "video/mp4", "video/ogg",
                "video/x-msvideo", "video/quicktime", "video/webm", "application/pdf",
            ),
            25 * MEGABYTE,
        ),
    ),
    text=1000,
    counted="bytes",
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
"""Of texts and files https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message, of
choices https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies
and .../messaging-api/button-template. A title of 20 characters of which some take two bytes or more goes as a line."""
