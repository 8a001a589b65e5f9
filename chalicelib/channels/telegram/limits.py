"""What Telegram takes in one message."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits

LIMITS = Limits(
    files=(
        FileLimit(("image/jpeg", "image/png", "image/webp"), 5 * MEGABYTE),
        FileLimit(
            (
                "image/gif", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg", "video/mp4", "application/pdf",
                "application/zip",
            ),
            20 * MEGABYTE,
        ),
    ),
    text=4096,
    caption=1024,
    counted="utf-16",
    payload=64,
    rows=100,
    rate_per_s=30,
)  # fmt: skip
"""Below https://core.telegram.org/bots/api: of files by their address #sending-files (documents of other types are not
fetched, so they go as links), of texts #sendmessage, of captions #sendphoto, of buttons #inlinekeyboardbutton; of the
rate https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
