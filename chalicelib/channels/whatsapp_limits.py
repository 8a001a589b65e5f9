"""What WhatsApp takes in one message, and until when, whoever carries it there."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits

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
    text=4096,
    caption=1024,
    body=1024,
    buttons=3,
    title=20,
    links=1,
    links_alone=True,
    payload=200,
    rows=10,
    row_title=24,
    row_description=72,
    section_title=24,
    opener=20,
    window_s=WINDOW_S,
    rate_per_s=80,
)  # fmt: skip
"""Below https://developers.facebook.com/documentation/business-messaging/whatsapp/: of files
business-phone-numbers/media#supported-media-types, of buttons and lists messages/interactive-reply-buttons-messages and
messages/interactive-list-messages (a button's payload may be 256, a row's 200), of the rate throughput."""
