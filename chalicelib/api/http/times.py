"""Times that a query names."""

from __future__ import annotations

from chalicelib.api.http.call import Call
from chalicelib.api.http.fields import invalid
from chalicelib.ports.clock import time_of_rows


def times_of_query(call: Call, *names: str) -> list[int | None]:
    """Times to look for rows by, in milliseconds, None where one is not given; Problem 422 for all that are none."""
    times: list[int | None] = []
    wrong: list[tuple[str, str]] = []
    for name in names:
        text = call.query.get(name)
        try:
            times.append(time_of_rows(text) if text else None)
        except (ValueError, OverflowError):
            wrong.append((f"/{name}", "is no RFC 3339 time"))
    if wrong:
        raise invalid(wrong)
    return times
