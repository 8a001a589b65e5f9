"""What Twilio takes in one message of WhatsApp: where it takes less than WhatsApp itself."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.channels.limits import MEGABYTE, FileLimit
from chalicelib.channels.whatsapp_limits import LIMITS as OF_WHATSAPP

_MOST_FILE = 16 * MEGABYTE
LIMITS = replace(
    OF_WHATSAPP,
    files=tuple(FileLimit(one.types, min(one.most_bytes, _MOST_FILE)) for one in OF_WHATSAPP.files),
    text=1600,
    links=0,
    section_title=0,
    rate_per_s=10,
)
"""https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages (a file), .../messaging/api/message-resource (a
text), .../content/twilio-quick-reply and .../content/twiliolist-picker (choices; buttons that lead somewhere stand in
the text); a sender begins with ten messages a second, and Twilio queues what is more."""
