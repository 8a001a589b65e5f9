"""What Twilio takes in one SMS or MMS."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.domain.file_types import HARMLESS

PICTURES = ("image/jpeg", "image/png", "image/gif")
MOST_PICTURE = 5 * MEGABYTE
"""Of pictures, which Twilio makes fit, and of all files of a message together:
https://www.twilio.com/docs/messaging/guides/accepted-mime-types"""
MOST_OTHER = 500 * 1000
"""Of a file of another type."""
MOST_FILES = 10
"""Of one message."""
OTHERS = (
    "audio/basic", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/3gpp", "audio/amr", "video/mpeg", "video/mp4",
    "video/3gpp", "video/quicktime", "video/webm", "image/bmp", "image/tiff", "text/vcard", "text/x-vcard", "text/csv",
    "text/calendar", "application/pdf", "application/vcard",
)  # fmt: skip
"""Types of those that MMS carry; all others go as links, also where no MMS go."""
LIMITS = Limits(
    files=(FileLimit(PICTURES, MOST_PICTURE), FileLimit((*HARMLESS, *OTHERS), 25 * MEGABYTE)),
    text=1600,
    sms=10,
)
"""Of a text https://www.twilio.com/docs/messaging/api/message-resource (`Body`), which is ten SMS in Latin letters; in
others that would be more than two dozen, so ten is the most for all."""
