"""A webhook bot in a process of its own, so that its CPU is not taken for Parley's, which notes when it was called.

`python -m bench.bot` prints its URL. GET answers the notes, and forgets them: `{"at": [ns], "keys": [text]}` by the
machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.words import ANSWERED, TOKEN


@dataclass(frozen=True, slots=True)
class Bot:
    """The running bot."""

    url: str

    def notes(self) -> dict[str, Any]:
        """When it was called with which text, since last asked."""
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            return dict(json.loads(answer.read()))


@contextmanager
def bot() -> Iterator[Bot]:
    """A bot until the block ends."""
    command = [sys.executable, "-m", "bench.bot"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert process.stdout
    try:
        yield Bot(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    notes: list[tuple[int, str]] = []

    def do_POST(self) -> None:
        now = time.monotonic_ns()
        event = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        answer: dict[str, Any] = {"verification_token": TOKEN}
        if event.get("Event") == "Incoming message":
            self.notes.append((now, event["Message"]))
            said = {"eventid": "1001", "conversation_id": event["Conversationid"], "message": ANSWERED}
            answer["events"] = [said]
        elif "key" in event:
            # The empty chain's message.
            self.notes.append((now, event["key"]))
            answer["answer"] = ANSWERED
        self._say(answer)

    def do_GET(self) -> None:
        taken = [self.notes.pop(0) for _ in range(len(self.notes))]
        self._say({"at": [at for at, _ in taken], "keys": [key for _, key in taken]})

    def _say(self, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/hook", flush=True)
    server.serve_forever()
