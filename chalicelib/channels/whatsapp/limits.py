"""What WhatsApp takes in one message, and until when."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.channels.whatsapp.outgoing import BUTTON_TITLE, MOST_BUTTONS

WINDOW_S = 24 * 3600
"""Since the customer's last word; what is said later needs a template:
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages#customer-service-windows"""
_OFFICE = "application/vnd.openxmlformats-officedocument."
LIMITS = Limits(
    files=(
        FileLimit(("image/jpeg", "image/png"), 5 * MEGABYTE),
        FileLimit(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * MEGABYTE),
        FileLimit(("video/mp4", "video/3gpp"), 16 * MEGABYTE),
        FileLimit(
            (
                "application/pdf", "text/plain", "application/msword", "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint", f"{_OFFICE}wordprocessingml.document",
                f"{_OFFICE}spreadsheetml.sheet", f"{_OFFICE}presentationml.presentation",
            ),
            100 * MEGABYTE,
        ),
    ),
    buttons=MOST_BUTTONS,
    title=BUTTON_TITLE,
    window_s=WINDOW_S,
)  # fmt: skip
"""Of files: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#supported-media-types"""
