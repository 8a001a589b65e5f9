"""One call to somebody outside, and what came of it: the only way out that adapters, bots and desks are handed."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

AWS_SIGNS = "AWS4-HMAC-SHA256 "
"""What the header `authorization` of a call to AWS begins with that whoever makes it has to sign as us; behind it is
which service is called (`ses`). `{region}` in its URL is then ours."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of an HTTP call. `error` is empty where an answer came, whatever its status.

    Errors: timeout, dns, connect, tls, private_address, bad_url, bad_header, too_large, protocol; no_time where nothing
    was begun, as the run of the function ends before it would (`lanes/time_left.py`).
    """

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    took_ms: int
    error: str = ""


class Call(Protocol):
    """The guarded HTTP port, as it is handed to an adapter."""

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Awaitable[Exchange]: ...
