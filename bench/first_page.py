"""How long the console's first page takes on this machine while fifty agents look at theirs, and whether that grows.

The page is what a browser asks for once its scripts are there: nine requests, six at a time, by the cookie of a session
(docs/console.md); its time is until the last is answered. Meanwhile the agents' consoles beat as they do beside an open
socket. All of it goes through the emulator, so these are this machine's milliseconds.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from bench.report import Goal, Result
from infra.local.emulator import REGION
from infra.local.stack import Stack, stack

SMALL, LARGE, AGENTS, PAGES, WARM, AT_ONCE = 500, 5000, 50, 40, 5, 6
BEAT_S = 15
"""Beside an open socket, as consoles have one from the first agent on (docs/console.md)."""
SETUP = ("bots", "desks", "channels", "people", "replies")


class TooMany(Exception):
    """The function runs as often as it may."""


@dataclass
class Browser:
    """Somebody who is signed in."""

    base_url: str
    cookie: str = ""
    _own: threading.local = field(default_factory=threading.local)

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        """What a path answers, by a connection that each thread keeps; TooMany where it is refused for now."""
        url = urlsplit(self.base_url + path)
        kept = getattr(self._own, "connection", None) or http.client.HTTPConnection(url.netloc, timeout=40)
        self._own.connection = kept
        headers = {"X-Parley-Console": "1", "Content-Type": "application/json", "Cookie": self.cookie}
        kept.request(method, f"{url.path}?{url.query}", None if body is None else json.dumps(body), headers)
        answer = kept.getresponse()
        raw = answer.read()
        if answer.status == 429:
            raise TooMany(path)
        assert answer.status < 300, (path, answer.status, raw[:300])
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return json.loads(raw) if raw else None

    def sign_in(self, key: str) -> None:
        """Exchange a key for a session."""
        self.asks("POST", "/console/session", {"key": key})


def measure() -> Result:
    """A small inbox, then a large one."""
    found: dict[int, list[float]] = {}
    loads = []
    with stack() as up:
        # Our own tables are the emulator's from here on.
        os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_ENDPOINT_URL=up.endpoint)
        service, desk, browsers = _office(up)
        filled = 0
        for size in (SMALL, LARGE):
            _fill(up, desk, range(filled, size))
            filled = size
            with _looked_at(browsers[1:], service):
                times = [_first_page(browsers[0], service) for _ in range(WARM + PAGES)]
            found[size] = times[WARM:]
            loads.append(os.getloadavg()[0])
    rows: list[list[Any]] = [
        [f"{size} open chats, {AGENTS} agents", median(times), quantiles(times, n=20)[-1], max(times)]
        for size, times in found.items()
    ]
    goals = [
        Goal("first page of a large inbox, p95", 200, rows[-1][2], "ms "),
        Goal("median with a large inbox, times that with a small one", 1.2, rows[-1][1] / rows[0][1]),
    ]
    note = (
        f"{PAGES} pages each, one after the other, nine requests of which a browser has {AT_ONCE} on their way. "
        f"Load {', '.join(f'{load:.1f}' for load in loads)} on {os.cpu_count()} cores."
    )
    figures = {"ms": {str(size): [round(ms, 1) for ms in times] for size, times in found.items()}}
    columns = ["first page", "ms, median", "ms, p95", "ms, longest"]
    return Result("first_page", "The console's first page", columns, rows, goals, [note], figures)


def _first_page(browser: Browser, service: str) -> float:
    """Milliseconds until all of it is there: who one is, and then all else at once."""
    lists = [f"/v1/inbox?service_id={service}&limit=50&list={name}" for name in ("mine", "queue")]
    paths = [*lists, *(f"/v1/{kind}?service_id={service}&limit=100" for kind in SETUP)]
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pool.submit(browser.asks, "GET", "/console/session").result()
        asked = [pool.submit(browser.asks, "GET", path) for path in paths]
        asked.append(pool.submit(browser.asks, "POST", "/v1/console/beat", {"service_id": service}))
        for one in asked:
            one.result()
    return (time.perf_counter() - began) * 1000


@contextmanager
def _looked_at(browsers: list[Browser], service: str) -> Iterator[None]:
    """Consoles that beat now and then, as long as this lasts."""
    over = threading.Event()

    def beats(browser: Browser, after_s: float) -> None:
        cursor = None
        over.wait(after_s)
        while not over.is_set():
            body = {"service_id": service, "cursor": cursor}
            # A console that is refused asks the next time.
            with suppress(TooMany):
                cursor = browser.asks("POST", "/v1/console/beat", body)["cursor"]
            over.wait(BEAT_S)

    with ThreadPoolExecutor(len(browsers)) as pool:
        running = [pool.submit(beats, one, at * BEAT_S / len(browsers)) for at, one in enumerate(browsers)]
        try:
            yield
        finally:
            over.set()
    for one in running:
        one.result()


def _office(up: Stack) -> tuple[str, str, list[Browser]]:
    """A service with a console desk and its agents, each signed in; one more, whose page is measured, is the first."""
    owner = Browser(up.base_url)
    owner.sign_in(up.admin_key)

    def make(plural: str, **fields: Any) -> Any:
        return owner.asks("POST", f"/v1/{plural}", fields)

    service = make("services", name="office")["id"]
    make("channels", service_id=service, kind="webchat", name="chat")
    desk = make("desks", service_id=service, kind="console", name="people")["id"]
    make("rules", service_id=service, name="to people", to="desk", desk_id=desk)
    browsers = []
    for n in range(AGENTS + 1):
        person = make("people", service_id=service, name=f"Agent {n}", role="agent")["id"]
        key = make("keys", service_id=service, name=f"agent {n}", scopes=["agent"], person_id=person)["key"]
        browsers.append(Browser(up.base_url))
        browsers[-1].sign_in(key)
    return service, desk, browsers


def _fill(up: Stack, desk: str, numbers: range) -> None:
    """Open chats as `observe` leaves them, in the emulator's table."""
    from bench.console import shown_chat
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import inbox

    table: Any = inbox.InboxRow.Meta
    table.table_name, table.region = f"parley-{up.stage}-inbox", REGION

    def one(n: int) -> None:
        inbox.observe(desk, f"cv_{n:026d}_1", shown_chat(n), version=1, now_ms=now_ms())

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(one, numbers):
            pass


if __name__ == "__main__":
    measure().keep()
