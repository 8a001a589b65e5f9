"""What a call can speak at once."""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits

LIMITS = Limits(
    files=(
        FileLimit(
            (
                "audio/mpeg", "audio/wav", "audio/wave", "audio/x-wav", "audio/aiff", "audio/x-aiff", "audio/x-aifc",
                "audio/x-gsm", "audio/gsm", "audio/ulaw",
            ),
            20 * MEGABYTE,
        ),
    ),
    text=4096,
    buttons=10,
    rows=30,
    rate_per_s=1,
)  # fmt: skip
"""Types that <Play> plays: https://www.twilio.com/docs/voice/twiml/play; of <Say> 4096 characters:
https://www.twilio.com/docs/voice/twiml/say; a call a second, which Twilio raises:
https://www.twilio.com/docs/voice/api/call-resource. More than thirty choices nobody listens to."""
