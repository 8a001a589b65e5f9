"""How long after a thread has changed people see it: the inbox's row, which `announce` writes, and the figure, in which
`observe` counts it; in a quiet minute and in a busy one, beside a round trip with a bot in the same minute.

Visitors write to a console desk. What stands is read all the time, all of it in one call: the threads, their inbox rows
and the figures of now; a change is there from the first reading on that shows it. The steps log the same as `lag_ms`,
to the second, as streams tell it. The emulator does not gather batches as AWS does, so what `observe` gathers by is
not in it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from bench.bot import Bot, bot
from bench.latency import Way, chat_of, http
from bench.latency import visitor as _visitor
from bench.report import Goal, Result
from bench.words import ASKED
from infra.limits import LIMITS
from infra.local.stack import Stack, stack

MINUTE_S, VISITORS, WARM = 60, 8, 3
QUIET_S, BUSY_S, TRIP_S = 2.5, 2.0, 2.5
"""How often somebody writes in a quiet minute, and each visitor in a busy one; how often the bot is asked beside."""
SETTLE_S = 5
STEP_MS = 900_000
_CALLED = {"inbox": "until the inbox shows it (announce)", "figures": "until the figures have it (observe)"}


@dataclass
class Watch:
    """Reads what stands, again and again, and notes since when."""

    up: Stack
    service: str
    channel: str
    desk: str
    conversations: list[str]
    changed: dict[tuple[str, int], float] = field(default_factory=dict)
    """(thread, version) -> since when it is there, in seconds; `shown`: in the inbox."""
    shown: dict[tuple[str, int], float] = field(default_factory=dict)
    said: dict[int, float] = field(default_factory=dict)
    """How much was said in all -> since when; `counted`: in the figures."""
    counted: dict[int, float] = field(default_factory=dict)
    readings: int = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """As long as the block lasts."""
        over, client = threading.Event(), self.up.client("dynamodb")

        def read() -> None:
            while not over.is_set():
                self._read(client)

        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(read)
            try:
                yield
            finally:
                over.set()
        running.result()

    def lags(self) -> dict[str, list[float]]:
        """Milliseconds until what changed after the first reading was shown, and counted."""
        said, counted = ({n - min(times): at for n, at in times.items()} for times in (self.said, self.counted))
        return {"inbox": _between(self.changed, self.shown), "figures": _between(said, counted)}

    def _read(self, client: Any) -> None:
        step = int(time.time() * 1000) // STEP_MS * STEP_MS
        keys = {
            "threads": [{"thread": {"S": _thread(one)}, "item": {"S": "thread"}} for one in self.conversations],
            "inbox": [{"desk": {"S": self.desk}, "conversation": {"S": one}} for one in self.conversations],
            "figures": [_figures(self.service, step - STEP_MS), _figures(self.service, step)],
        }
        tables = {f"parley-{self.up.stage}-{table}": table for table in keys}
        asked = {name: {"Keys": keys[table], "ConsistentRead": True} for name, table in tables.items()}
        answer = client.batch_get_item(RequestItems=asked)["Responses"]
        at, rows = time.time(), {table: answer[name] for name, table in tables.items()}
        self.readings += 1
        for row in rows["threads"]:
            self.changed.setdefault((row["thread"]["S"], int(row["version"]["N"])), at)
        for row in rows["inbox"]:
            self.shown.setdefault((_thread(row["conversation"]["S"]), int(row["version"]["N"])), at)
        words = sum(int(row["state"]["M"]["last_seq"]["N"]) for row in rows["threads"])
        counts = (row["data"]["M"].get(self.channel, {}).get("M", {}).get("in") for row in rows["figures"])
        self.said.setdefault(words, at)
        self.counted.setdefault(sum(int(count["N"]) for count in counts if count), at)


def _thread(conversation: str) -> str:
    return f"th{conversation[2:].rpartition('_')[0]}"


def _figures(service: str, step: int) -> dict[str, Any]:
    return {"service": {"S": service}, "step": {"S": f"step#{step:013d}"}}


def _between(came: Mapping[Any, float], seen: Mapping[Any, float]) -> list[float]:
    """Milliseconds from when each came until it, or what came later, was seen.

    What was there at the first reading is left out, and of several that came between two readings all but the last.
    """
    first = min(came.values())
    lags = []
    for what, at in came.items():
        later = [seen[one] for one in seen if one >= what and (isinstance(one, int) or one[0] == what[0])]
        if at > first:
            assert later, f"{what} was not seen in {SETTLE_S} s"
            lags.append((min(later) - at) * 1000)
    return lags


def measure() -> Result:
    """A quiet minute, and a busy one."""
    found: dict[str, dict[str, list[float]]] = {}
    with bot() as heard, stack() as up:
        asks_bot = _visitor(up, chat_of(up, heard.url))
        service, channel, desk = _desk(up)
        visitors = [_visitor(up, channel) for _ in range(VISITORS)]
        conversations = _begun(up, visitors)
        for _ in range(WARM):
            asks_bot.trip(heard, f"{ASKED} {time.time_ns():020d}")
        for name, writing, every_s in (("quiet", visitors[:1], QUIET_S), ("busy", visitors, BUSY_S)):
            # What was said before is counted before.
            time.sleep(SETTLE_S)
            watch = Watch(up, service, channel, desk, conversations)
            with watch.watching():
                trips = _minute(writing, every_s, asks_bot, heard)
                time.sleep(SETTLE_S)
            found[name] = watch.lags() | {"trips": trips, "between readings": [_reading_ms(watch)]}
        load = os.getloadavg()[0]
    rows, ratios = list[list[Any]](), dict[str, float]()
    for name, one in found.items():
        trip = median(one["trips"])
        rows.append([f"{name}: a round trip", len(one["trips"]), trip, quantiles(one["trips"], n=20)[-1], 1])
        for what in ("inbox", "figures"):
            ratios[f"{what}, {name}"] = median(one[what]) / trip
            rows.append([f"{name}: {_CALLED[what]}", len(one[what]), median(one[what]), quantiles(one[what], n=20)[-1],
                         ratios[f"{what}, {name}"]])  # fmt: skip
    goals = [
        Goal(f"{_CALLED[what]}, {name} minute, median, times a round trip", 1, ratios[f"{what}, {name}"])
        for name in found
        for what in ("inbox", "figures")
    ]
    often_ms = found["busy"]["between readings"][0]
    notes = [
        f"Quiet: somebody writes each {QUIET_S} s. Busy: {VISITORS} visitors, each every {BUSY_S} s.",
        f"What stands was read each {often_ms:.0f} ms while it was busy. Load {load:.1f} on {os.cpu_count()} cores.",
        f"On AWS figures come up to {LIMITS['observe'].window_s} s later: so long a batch of them is gathered.",
    ]
    columns = ["minute", "changes", "ms, median", "ms, p95", "median, times a round trip"]
    figures = {
        "ms": {name: {what: [round(ms, 1) for ms in of] for what, of in one.items()} for name, one in found.items()}
    }
    return Result("lag", "Until people see it", columns, rows, goals, notes, figures | {"load": load, "ratios": ratios})


def _reading_ms(watch: Watch) -> float:
    return (MINUTE_S + SETTLE_S) * 1000 / watch.readings


def _minute(writing: list[Way], every_s: float, asks_bot: Way, heard: Bot) -> list[float]:
    """Visitors write, and somebody else talks to the bot; how long each round trip took in milliseconds."""
    over = threading.Event()

    def writes(way: Way, after_s: float) -> None:
        over.wait(after_s)
        while not over.is_set():
            way.post(f"{ASKED} {time.time_ns():020d}")
            over.wait(every_s)

    asks_bot.round_ms.clear()
    with ThreadPoolExecutor(len(writing)) as pool:
        running = [pool.submit(writes, way, at * every_s / len(writing)) for at, way in enumerate(writing)]
        until = time.monotonic() + MINUTE_S
        while time.monotonic() < until:
            asks_bot.trip(heard, f"{ASKED} {time.time_ns():020d}")
            time.sleep(TRIP_S)
        over.set()
    for one in running:
        one.result()
    return [*asks_bot.round_ms]


def _desk(up: Stack) -> tuple[str, str, str]:
    def make(plural: str, **fields: Any) -> str:
        bearer = {"Authorization": f"Bearer {up.admin_key}"}
        return str(http("POST", f"{up.base_url}/v1/{plural}", fields, bearer)["id"])

    service = make("services", name="office")
    channel = make("channels", service_id=service, kind="webchat", name="chat")
    desk = make("desks", service_id=service, kind="console", name="people")
    make("rules", service_id=service, name="to people", to="desk", desk_id=desk)
    return service, channel, desk


def _begun(up: Stack, visitors: list[Way]) -> list[str]:
    """The conversations of visitors, once each has written and is in the inbox."""
    for way in visitors:
        way.post(ASKED)
    until = time.monotonic() + 60
    while True:
        rows = up.client("dynamodb").scan(TableName=f"parley-{up.stage}-inbox")["Items"]
        if len(rows) == len(visitors):
            return [row["conversation"]["S"] for row in rows]
        assert time.monotonic() < until, f"{len(rows)} are in the inbox"
        time.sleep(0.2)


if __name__ == "__main__":
    measure().keep()
