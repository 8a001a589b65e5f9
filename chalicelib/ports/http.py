"""The one way out over HTTP: every call to a webhook or a provider is made here, guarded.

What the other side does is a value (`Exchange`), never an exception. One deadline covers the whole exchange: name
look-up, connecting, TLS, sending, and an answer that drips in byte by byte. The connection goes to exactly the
addresses that were checked. aiohttp is imported when the first call is made: it costs a quarter of a second.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from chalicelib import __version__
from chalicelib.domain.exchange import Exchange
from chalicelib.ports import targets
from chalicelib.ports.pinned import Pinned, PrivateAddress, Resolve, look_up
from chalicelib.ports.redact import head_of, redacted
from chalicelib.ports.settings import settings

__all__ = ["Web", "call", "call_once", "head_of", "redacted", "web"]

USER_AGENT = f"Parley/{__version__}"
CAP = 65536
"""Bytes of a response that are read where the caller does not say otherwise."""

_CLOSING_S = 0.2
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no value may hold: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""
# These are the port's own business; a configured header must not change how the message is framed.
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "user-agent", "accept-encoding", "expect"}
)
# With one of these a request may be sent again when a kept connection proves to be closed (the rule of Go's net/http).
_REPEATABLE = frozenset({"webhook-id", "idempotency-key"})


class _TooLarge(Exception):
    """The body goes on beyond the cap; holds what was read."""


async def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout_s: float = 5.0,
    cap: int = CAP,
    allow_private: bool | None = None,
) -> Exchange:
    """One call over a connection of its own; see `Web.__call__`. Several calls: `web()`."""
    async with web(allow_private=allow_private) as make:
        return await make(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=cap)


def call_once(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout_s: float = 5.0,
    cap: int = CAP,
    allow_private: bool | None = None,
) -> Exchange:
    """`call` for code that is not asynchronous, such as a verification in the API."""
    return asyncio.run(
        call(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=cap, allow_private=allow_private)
    )


@asynccontextmanager
async def web(
    *, allow_private: bool | None = None, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Web]:
    """A `Call` whose connections are shared by all calls of one run of an event loop.

    `allow_private` is the setting of that name where it is not given; `tls` replaces the system's certificate
    authorities.
    """
    import aiohttp

    private = settings().allow_private_targets if allow_private is None else allow_private
    resolver: Any = Pinned(resolve or look_up, allow_private=private)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,  # each new connection is checked anew
        limit=0,  # a call must not wait for others: its deadline runs
        keepalive_timeout=4,  # most servers keep a connection for 5 s or more
        ssl=tls or True,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # it has no bound that we could set; see _plain
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # one deadline, in Web.__call__
        trust_env=False,
        max_line_size=8190,
        max_field_size=8190,
        max_headers=128,
        trace_configs=[_reuse()],
    )
    try:
        yield Web(session, allow_private=private)
    finally:
        # Closing waits until all that was written is taken; a server that answered early may never take the rest.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await session.close()


class Web:
    """The guarded calls of one session; satisfies `channels.contract.Call`."""

    def __init__(self, session: Any, *, allow_private: bool) -> None:
        self._session, self._allow_private = session, allow_private

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_s: float = 5.0,
        cap: int = CAP,
    ) -> Exchange:
        """Make a call and say what came of it within `timeout_s` seconds, all told; never raises for the other side.

        Redirects are not followed: a 3xx is the answer. At most `cap` bytes of the (unpacked) body are read, then the
        connection is closed and the error is `too_large`, with status, headers and those bytes. Errors:

        - bad_url, private_address: nothing was sent (`ports.targets`); bad_header: nor could it be, as one is malformed
        - dns, connect, tls: no connection came about
        - timeout: not done within the time
        - protocol: the connection broke, or what came is no HTTP
        """
        start = time.monotonic()
        try:
            error = targets.refusal(url, allow_private=self._allow_private) or _header_fault(method, headers)
            if error:
                return _failed(start, error)
            async with asyncio.timeout(timeout_s):
                return await self._fresh(start, method, url, _sent(headers), body, cap)
        except TimeoutError:
            return _failed(start, "timeout")
        except PrivateAddress:
            return _failed(start, "private_address")
        except Exception as exception:
            if error := _word(exception):
                return _failed(start, error)
            raise

    async def _fresh(
        self, start: float, method: str, url: str, headers: dict[str, str], body: bytes, cap: int
    ) -> Exchange:
        """The exchange; where a kept connection was closed meanwhile, once more: that says nothing of the server."""
        import aiohttp

        repeatable = bool(_REPEATABLE & {name.lower() for name in headers})
        while True:
            reused: list[bool] = []
            try:
                return await self._exchange(start, method, url, headers, body, cap, reused)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not (reused and repeatable):
                    raise

    async def _exchange(
        self, start: float, method: str, url: str, headers: dict[str, str], body: bytes, cap: int, reused: list[bool]
    ) -> Exchange:
        from yarl import URL

        # An ASCII URL goes out as it was written: re-quoting would break a signed query.
        target = URL(url, encoded=url.isascii())
        response = await self._session.request(
            method, target, headers=headers, data=body or None, allow_redirects=False, trace_request_ctx=reused
        )
        error = ""
        try:
            answer = await _plain(response, cap)
        except _TooLarge as beyond:
            answer, error = beyond.args[0], "too_large"
        finally:
            # Not `async with`: that would wait for the rest of an upload that the server has answered already.
            if response.content.at_eof():
                response.release()
            else:
                response.close()
        return Exchange(response.status, _received(response.headers), answer, _took(start), error)


async def _plain(response: Any, cap: int) -> bytes:
    """The body, unpacked where the server packed it unasked; _TooLarge beyond `cap` bytes, packed or not."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    unpacker = zlib.decompressobj(47) if packing in ("gzip", "x-gzip", "deflate") else None  # 47: gzip or zlib
    body, packed = bytearray(), 0
    async for chunk in response.content.iter_any():
        packed += len(chunk)
        if unpacker:
            chunk = unpacker.decompress(chunk, cap + 1 - len(body))
        body += chunk
        if len(body) > cap or packed > cap:
            raise _TooLarge(bytes(body[:cap]))
    return bytes(body)


def _reuse() -> Any:
    """Notes in a request's own list that it went over a kept connection."""
    import aiohttp

    async def note(_session: Any, context: Any, _params: Any) -> None:
        context.trace_request_ctx.append(True)

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note)
    return trace


def _word(exception: Exception) -> str:
    """The error's name, or empty for what is a fault of ours."""
    import aiohttp

    words: tuple[tuple[type[Exception], str], ...] = (
        (aiohttp.ClientConnectorDNSError, "dns"),
        (aiohttp.ClientSSLError, "tls"),
        (aiohttp.ClientConnectorError, "connect"),
        (aiohttp.InvalidURL, "bad_url"),
        (UnicodeError, "bad_url"),
        (aiohttp.ClientError, "protocol"),
        (aiohttp.http.HttpProcessingError, "protocol"),
        (zlib.error, "protocol"),
        (OSError, "protocol"),
    )
    return next((word for kind, word in words if isinstance(exception, kind)), "")


def _header_fault(method: str, headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or _CONTROL.search(value) or not _encodable(value):
            return "bad_header"
    return "" if _HEADER_NAME.fullmatch(method) else "bad_header"


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sent(headers: Mapping[str, str]) -> dict[str, str]:
    given = {name: value for name, value in headers.items() if name.lower() not in _OURS}
    return given | {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


def _received(headers: Any) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _failed(start: float, error: str) -> Exchange:
    return Exchange(0, {}, b"", _took(start), error)


def _took(start: float) -> int:
    return int((time.monotonic() - start) * 1000)
