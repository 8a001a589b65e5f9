"""Whether the API answers."""

from __future__ import annotations

from chalicelib.api.http.call import Answer, Call


def health(call: Call) -> Answer:
    """`{"status": "ok"}`; nothing else is asked, so that a monitor costs nothing."""
    return Answer(200, {"status": "ok"})
