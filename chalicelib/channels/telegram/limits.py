"""What Telegram takes in one message."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.domain.file_types import HARMLESS

MOST_BYTES = 20 * MEGABYTE
"""Of a file that Telegram gets from its address, and of one that we bring along, of which it would take 50 MB: a run
sends several messages at a time."""
_PHOTOS = ("image/jpeg", "image/png", "image/webp")
_BY_ADDRESS = (
    "image/gif", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg", "video/mp4", "application/pdf",
    "application/zip",
)  # fmt: skip
FETCHED = (*_PHOTOS, *_BY_ADDRESS)
"""Types of files that Telegram gets from their address."""
LIMITS = Limits(
    files=(FileLimit(_PHOTOS, 5 * MEGABYTE), FileLimit(_BY_ADDRESS, MOST_BYTES), FileLimit(HARMLESS, MOST_BYTES)),
    text=4096,
    caption=1024,
    counted="utf-16",
    payload=64,
    rows=100,
    rate_per_s=30,
)
"""Below https://core.telegram.org/bots/api: of files #sending-files (other types than `FETCHED` are brought along), of
texts #sendmessage, of captions #sendphoto, of buttons #inlinekeyboardbutton; of the rate
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
