"""Times as IMIconnect writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def imi_time(ms: int) -> str:
    """`YYYY-MM-DD hh:mm:ss.SS` in GMT, with hundredths of a second, cut off rather than rounded."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%S}.{ms % 1000 // 10:02d}"


def rfc3339(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"
