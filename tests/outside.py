"""Other people's ends: real HTTP servers on loopback that answer as a test scripts them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


@dataclass
class Outside:
    """A server; `answer` decides on each request, verification included."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], Answer] = lambda heard: (200, {})

    def events(self) -> list[Any]:
        """The bodies that came, without verifications."""
        return [one.json for one in self.heard if one.json.get("Event") != "Verification"]

    def forget(self) -> None:
        """Forget what came."""
        self.heard.clear()


@contextmanager
def serving() -> Iterator[Outside]:
    """A server of its own port, in a thread, until the block ends."""
    outside = Outside("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, self.path, headers, raw)
            outside.heard.append(heard)
            status, body, *more = outside.answer(heard)
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_DELETE = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    outside.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    # Looks often whether it is to end: the default makes each test wait half a second for it.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()
