"""A file by its address, wherever that leads: the guarded way out follows no redirect by itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from chalicelib.channels.contract import File, Refused, TryLater
from chalicelib.channels.wire import unanswered
from chalicelib.domain.exchange import Call

FILE_S = 25.0
"""How long a file may take: the largest does not come in the five seconds of a webhook."""
_MOST_HOPS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_OURS_ALONE = ("authorization", "cookie")
"""Headers that only who asks for them is shown."""
_NEVER = ("bad_url", "private_address")
"""Errors of an address that is none for us, however often it is tried."""


async def followed(
    url: str, call: Call, *, headers: Mapping[str, str] | None = None, timeout_s: float = FILE_S
) -> File | TryLater | Refused:
    """What a GET of an address brings, through up to five redirects.

    `headers` go along; those with a secret only as long as scheme, host and port stay. TryLater for what may pass, a
    token that is not taken (401) among it; Refused (`http_<status>`, `too_large`, `bad_url`, `private_address`,
    `redirects`) for what does not.
    """
    sent = dict(headers or {})
    for _ in range(_MOST_HOPS + 1):
        exchange = await call("GET", url, headers=sent, timeout_s=timeout_s)
        if exchange.error == "too_large":
            return Refused("too_large", "the file is larger than we take")
        if exchange.error in _NEVER:
            return Refused(exchange.error, "its address is none that is called")
        if exchange.status in _REDIRECTS and (where := exchange.headers.get("location", "")):
            try:
                to = urljoin(url, where)
            except ValueError:
                return Refused("bad_url", "its address leads on to what is none")
            if _origin(to) != _origin(url):
                sent = {name: value for name, value in sent.items() if name.lower() not in _OURS_ALONE}
            url = to
            continue
        if later := unanswered(exchange, 0):
            return later
        if exchange.status == 401:
            return TryLater("http_401")
        if exchange.status >= 300:
            return Refused(f"http_{exchange.status}", "its address does not give it")
        return File(exchange.body, exchange.headers.get("content-type", ""))
    return Refused("redirects", f"its address leads on more than {_MOST_HOPS} times")


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.scheme.lower(), parts.netloc.lower()
