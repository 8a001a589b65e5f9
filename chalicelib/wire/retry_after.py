"""How long the other side wants to be left alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], *, now_ms: int, most_s: int = 10**9) -> int:
    """Seconds that a `Retry-After` header asks for, at most `most_s`; 0 where there is none or it cannot be read.

    It holds seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), which may be past: 0.
    `headers` has lower-case names.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), most_s)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return 0
    return max(0, min(math.ceil(seconds), most_s))
