"""What Instagram takes in one message, and until when."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.channels.limits import MEGABYTE, FileLimit
from chalicelib.channels.meta_kind import TAKES

LIMITS = replace(
    TAKES,
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
)  # fmt: skip
"""Of texts and files https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message, of
choices https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies
and .../messaging-api/button-template. A title of 20 characters of which some take two bytes or more goes as a line."""
