"""How long the console's first page takes on this machine while fifty agents look at theirs, and whether it grows with
their inbox or with all that was ever said.

The page is what a browser asks for once its scripts are there, by the cookie of a session (docs/console.md): who one
is, then all else, six at a time; its time is until the last is answered. Meanwhile the agents' consoles beat as they do
beside an open socket. All of it goes through the emulator, so these are this machine's milliseconds.

Messages are copies of what a visitor really wrote to the desk, with the rows of their threads and contacts, each with a
key of its own. `--messages 1000000` for as many; a million take some 3 GB.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from bench import inside
from bench.page import AT_ONCE, asked
from bench.report import Goal, Result
from infra.local.emulator import REGION
from infra.local.stack import Stack, stack

SMALL, LARGE, AGENTS, PAGES = 500, 5000, 50, 40
MESSAGES, OF_A_THREAD = 100_000, 20
_BYTES_EACH, _BYTES_LEFT = 3000, 2 << 30
BEAT_S = 15
"""Beside an open socket, as consoles have one from the first agent on (docs/console.md)."""
WARM_S = 5
"""Beyond their first beats, until which functions start that run at the same time: each takes a core for a second."""
_WORDS = "Water is coming through the kitchen ceiling now"


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


@dataclass(frozen=True)
class Office:
    """A service with a console desk, whose agents are signed in; whose page is measured is the first."""

    service: str
    channel: str
    desk: str
    browsers: list[Browser]


def measure(messages: int = MESSAGES) -> Result:
    """A small inbox, a large one, and that after so many messages."""
    _need_room(messages)
    found: dict[str, list[float]] = {}
    loads, needed = list[float](), 0
    with (
        _socket() as copies,
        stack(emulator_env={"PARLEY_EMULATOR_ALSO": inside.__file__, inside.COPIES: copies}) as up,
    ):
        # Our own tables are the emulator's from here on.
        os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_ENDPOINT_URL=up.endpoint)
        office = _office(up)
        needed = len(asked(office.service))
        steps: list[tuple[str, Callable[[], None]]] = [
            (f"{SMALL} open chats", partial(_fill, up, office.desk, range(SMALL))),
            (f"{LARGE} open chats", partial(_fill, up, office.desk, range(SMALL, LARGE))),
            (f"{LARGE} open chats, {messages} messages", partial(_say, up, office, copies, messages)),
        ]
        for name, fill in steps:
            fill()
            with _looked_at(office.browsers[1:], office.service):
                warm_at = time.monotonic() + BEAT_S + WARM_S
                while time.monotonic() < warm_at:
                    _first_page(office.browsers[0], office.service)
                found[name] = [_first_page(office.browsers[0], office.service) for _ in range(PAGES)]
            loads.append(os.getloadavg()[0])
        # To write all of that down would take longer than to measure it.
        up.emulator.kill()
    rows: list[list[Any]] = [
        [name, min(times), median(times), quantiles(times, n=20)[-1], max(times)] for name, times in found.items()
    ]
    goals = [
        Goal(f"first page, {rows[-1][0]}, p95", 200, rows[-1][3], "ms "),
        Goal("median with a large inbox, times that with a small one", 1.2, rows[1][2] / rows[0][2]),
        Goal(f"median after {messages} messages, times that before", 1.2, rows[2][2] / rows[1][2]),
    ]
    notes = [
        f"{PAGES} pages each, one after the other, while {AGENTS} consoles are open.",
        f"A page is {needed} requests, of which a browser has {AT_ONCE} on their way.",
        f"Load {', '.join(f'{load:.1f}' for load in loads)} on {os.cpu_count()} cores, our own among it.",
    ]
    figures = {"ms": {name: [round(ms, 1) for ms in times] for name, times in found.items()}, "load": loads}
    columns = ["first page", "ms, shortest", "ms, median", "ms, p95", "ms, longest"]
    return Result("first_page", "The console's first page", columns, rows, goals, notes, figures)


def _first_page(browser: Browser, service: str) -> float:
    """Milliseconds until all of it is there."""
    first, *more = asked(service)
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pool.submit(browser.asks, *first).result()
        for answer in [pool.submit(browser.asks, *one) for one in more]:
            answer.result()
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


def _office(up: Stack) -> Office:
    owner = Browser(up.base_url)
    owner.sign_in(up.admin_key)

    def make(plural: str, **fields: Any) -> Any:
        return owner.asks("POST", f"/v1/{plural}", fields)

    service = make("services", name="office")["id"]
    channel = make("channels", service_id=service, kind="webchat", name="chat")["id"]
    desk = make("desks", service_id=service, kind="console", name="people")["id"]
    make("rules", service_id=service, name="to people", to="desk", desk_id=desk)
    browsers = []
    for n in range(AGENTS + 1):
        person = make("people", service_id=service, name=f"Agent {n}", role="agent")["id"]
        key = make("keys", service_id=service, name=f"agent {n}", scopes=["agent"], person_id=person)["key"]
        browsers.append(Browser(up.base_url))
        browsers[-1].sign_in(key)
    return Office(service, channel, desk, browsers)


def _fill(up: Stack, desk: str, numbers: range) -> None:
    """Open chats as `announce` leaves them, in the emulator's table."""
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


def _say(up: Stack, office: Office, copies: str, messages: int) -> None:
    """Have so many messages in the tables, of twenty to a thread."""
    visitor = Browser(up.base_url)
    visitor.asks("POST", f"/channels/{office.channel}/webhook", {"text": _WORDS})
    for tries in count():
        rows = {table: _rows(up, table) for table in ("threads", "messages", "contacts")}
        if len(rows["threads"]) == 2 and rows["messages"] and rows["contacts"]:
            break
        assert tries < 100, {table: len(found) for table, found in rows.items()}
        time.sleep(0.1)
    put = partial(_put, up, copies)
    threads = -(-messages // OF_A_THREAD)
    thread, at = ("S", "th_{a:026d}"), "{a:013d}"
    put("messages", rows["messages"][0], messages, OF_A_THREAD, thread=thread, seq=("N", "{b}"),
        position=("S", f"{at}.{{b:010d}}"), event=("S", "ev_{a:022d}{b:04d}"))  # fmt: skip
    for row in rows["threads"]:
        opened = {"opened": ("S", f"{at}.th_{{a:026d}}.{1:010d}")} if "opened" in row else {}
        put("threads", row, threads, 1, thread=thread, **opened)
    for row in rows["contacts"]:
        # Whose partition is a contact's, an identity's or a name's: each is a partition of its own.
        put("contacts", row, threads, 1, id=("S", f"{row['id']['S']}{{a:026d}}"))


def _rows(up: Stack, table: str) -> list[dict[str, Any]]:
    return list(up.client("dynamodb").scan(TableName=f"parley-{up.stage}-{table}")["Items"])


def _put(
    up: Stack, copies: str, table: str, item: dict[str, Any], times: int, each: int, **varied: tuple[str, str]
) -> None:
    had = inside.ask(copies, (f"parley-{up.stage}-{table}", item, varied, times, each))
    assert had >= times, (table, had)


@contextmanager
def _socket() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="parley-")
    try:
        yield str(Path(folder, "copies"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _need_room(messages: int) -> None:
    """SystemExit where so many would not leave the machine its memory."""
    with suppress(OSError):
        kib = int(re.findall(r"MemAvailable: +(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"))[0])
        if messages * _BYTES_EACH > kib * 1024 - _BYTES_LEFT:
            raise SystemExit(f"{messages} messages would not leave this machine 2 GB of memory")


if __name__ == "__main__":
    given = argparse.ArgumentParser(prog="python -m bench first_page")
    given.add_argument("--messages", type=int, default=MESSAGES)
    measure(given.parse_args().messages).keep()
