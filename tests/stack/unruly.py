"""Bots that misbehave below the level of HTTP answers: each passes its verification and then does its worst."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stack.conftest import TOKEN

_GOOD = json.dumps({"verification_token": TOKEN}).encode()


@dataclass
class Unruly:
    """A server of its own port; `came` holds when each delivery came, verifications apart."""

    url: str = ""
    came: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test ends, so that nobody sleeps on."""


@contextmanager
def unruly(manner: Callable[[BaseHTTPRequestHandler, Unruly], None]) -> Iterator[Unruly]:
    """A server that answers deliveries by `manner`, until the block ends."""
    bot = Unruly()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if event.get("Event") == "Verification":
                head(self, 200, len(_GOOD))
                self.wfile.write(_GOOD)
                return
            bot.came.append(time.monotonic())
            try:
                manner(self, bot)
            except OSError:
                pass  # the platform had enough
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    bot.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield bot
    finally:
        bot.over.set()
        server.shutdown()
        server.server_close()


def head(to: BaseHTTPRequestHandler, status: int, length: int, **headers: str) -> None:
    """The head of an answer."""
    to.send_response(status)
    for name, value in headers.items():
        to.send_header(name, value)
    to.send_header("Content-Length", str(length))
    to.end_headers()


def breaks(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """500."""
    head(to, 500, 0)


def drips(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """Every byte comes in good time, the answer never does."""
    head(to, 200, 1000)
    while not bot.over.wait(0.3):
        to.wfile.write(b" ")
        to.wfile.flush()


def drops(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """The connection ends without an answer."""
    to.connection.shutdown(socket.SHUT_RDWR)


def lies(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """200 with another's token."""
    body = b'{"verification_token": "another"}'
    head(to, 200, len(body))
    to.wfile.write(body)


def redirects(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """Elsewhere."""
    head(to, 302, 0, Location=bot.url)


def floods(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """Ten megabytes, good token first."""
    head(to, 200, 10_000_000)
    to.wfile.write(_GOOD + b" " * (10_000_000 - len(_GOOD)))


def sleeps(to: BaseHTTPRequestHandler, bot: Unruly) -> None:
    """Nothing, ever."""
    bot.over.wait(60)
