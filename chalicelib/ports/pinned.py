"""Names to addresses, once: the connection goes to what was checked, whatever the name says a moment later."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from chalicelib.ports import targets

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""A look-up of names: host -> its addresses as text; OSError where there are none."""


class PrivateAddress(Exception):
    """A name led to an address that no call may go to."""


class Pinned:
    """aiohttp's resolver: looks a name up once and hands on what was checked, so nothing can change in between.

    aiohttp does not ask it for literal addresses; `targets.refusal` has judged those before.
    """

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._resolve, self._allow_private = resolve, allow_private

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[dict[str, Any]]:
        """The addresses to connect to; refuses a name of which even one address is not public."""
        addresses = await self._resolve(host)
        if not addresses:
            raise OSError(f"no address for {host}")
        if not all(targets.address_allowed(address, allow_private=self._allow_private) for address in addresses):
            raise PrivateAddress(host)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def look_up(host: str) -> Sequence[str]:
    """The system's look-up, in a thread that nobody waits for: asyncio's own pool would hold up the end of the loop."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | OSError) -> None:
        if future.done():
            return
        if isinstance(found, OSError):
            future.set_exception(found)
        else:
            future.set_result(found)

    def ask() -> None:
        found: list[str] | OSError
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except OSError as error:
            found = error
        except UnicodeError as error:  # a label that is too long
            found = OSError(str(error))
        with suppress(RuntimeError):  # the deadline has passed and the loop is gone
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    return await future
