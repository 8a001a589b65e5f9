"""What SES takes in one mail: https://docs.aws.amazon.com/ses/latest/dg/quotas.html"""

from __future__ import annotations

from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits
from chalicelib.domain.file_types import HARMLESS

MOST_FILE, MOST_FILES = 7 * MEGABYTE, 10 * MEGABYTE
"""Of one file, and of all of a mail: SES takes 40 MB of base64 of base64, and slows down what is above 10 MB."""
LIMITS = Limits((FileLimit((*HARMLESS, "text/calendar", "text/vcard"), MOST_FILE),), rate_per_s=14)
"""The rate is that with which accounts begin which are out of the sandbox."""
