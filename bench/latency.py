"""Latency of the hub against an empty chain of the same hops, on one emulator, turn by turn in the same minutes.

Hub: from the visitor's POST to the moment in which the bot's server has the request. Round trip: until the visitor's
long poll, begun right after the POST, has the bot's answer. Both chains poll their table each 0.3 s.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from bench import chain, report
from bench.bot import Bot, bot
from bench.report import Goal, Result
from bench.words import ANSWERED, ASKED, TOKEN
from infra.local.stack import Stack, stack

TRIPS, WARM, PAUSE_S = 30, 5, 0.3


@dataclass
class Way:
    """One of the two chains: how to write and how to read."""

    post: Callable[[str], None]
    poll: Callable[[], list[str]]
    hub_ms: list[float] = field(default_factory=list)
    round_ms: list[float] = field(default_factory=list)

    def trip(self, heard: Bot, text: str) -> None:
        """Write, and read the answer."""
        began = time.monotonic_ns()
        self.post(text)
        answers = self.poll()
        ended = time.monotonic_ns()
        assert answers, "no answer within the poll's time"
        notes = heard.notes()
        at = next(at for at, key in zip(notes["at"], notes["keys"], strict=True) if key.endswith(text[-12:]))
        self.hub_ms.append((at - began) / 1e6)
        self.round_ms.append((ended - began) / 1e6)


def measure() -> Result:
    """Both, in turns."""
    with bot() as heard, stack() as up:
        ways = {"Parley": visitor(up, chat_of(up, heard.url)), "empty chain": _chain(up, heard)}
        for at in range(WARM + TRIPS):
            if at == WARM:
                for way in ways.values():
                    way.hub_ms.clear()
                    way.round_ms.clear()
            for way in ways.values():
                way.trip(heard, f"{ASKED} {time.time_ns():020d}")
                # What follows a trip (receipts) must not run into the next.
                time.sleep(PAUSE_S)
    rows: list[list[Any]] = [
        [
            name,
            median(way.hub_ms),
            quantiles(way.hub_ms, n=20)[-1],
            median(way.round_ms),
            quantiles(way.round_ms, n=20)[-1],
        ]
        for name, way in ways.items()
    ]
    ratio: list[Any] = ["ratio", *(ours / theirs for ours, theirs in zip(rows[0][1:], rows[1][1:], strict=True))]
    columns = ["chain", "hub ms, median", "hub ms, p95", "round trip ms, median", "round trip ms, p95"]
    cpu: dict[str, float] = report.last("cpu").get("ms_until_the_next_is_woken", {})
    parts = {"ms of the empty chain": rows[1][1], "ms of CPU of our Lambdas": sum(cpu.values())}
    parts["ms of three calls more, and the machine"] = rows[0][1] - sum(parts.values())
    goals = [Goal("hub latency, median, times the empty chain", 1.8, ratio[1], parts=parts)]
    figures = {
        "hub_ratio_median": ratio[1],
        "hub_ratio_p95": ratio[2],
        "round_trip_ratio_median": ratio[3],
        "round_trip_ratio_p95": ratio[4],
        "hub_ms": {name: [round(ms, 1) for ms in way.hub_ms] for name, way in ways.items()},
        "round_trip_ms": {name: [round(ms, 1) for ms in way.round_ms] for name, way in ways.items()},
    }
    note = f"{TRIPS} trips each, one at a time, after {WARM} to warm up; milliseconds are of this machine and emulator."
    return Result("latency", "Latency against an empty chain", columns, [*rows, ratio], goals, [note], figures)


def chat_of(up: Stack, bot_url: str) -> str:
    """A web chat whose messages the bot answers; gives the channel's id."""

    def call(method: str, path: str, body: Any = None) -> Any:
        return http(method, up.base_url + path, body, {"Authorization": f"Bearer {up.admin_key}"})

    service = call("POST", "/v1/services", {"name": "care"})["id"]
    channel = call("POST", "/v1/channels", {"service_id": service, "kind": "webchat", "name": "chat"})["id"]
    about = {"service_id": service, "kind": "webhook", "name": "bot", "profile": "imi", "verification_token": TOKEN}
    bot_id = call("POST", "/v1/bots", about | {"webhook_url": bot_url})["id"]
    call("POST", "/v1/rules", {"service_id": service, "name": "all", "to": "bot", "bot_id": bot_id})
    call("POST", f"/v1/bots/{bot_id}/verify")
    return str(channel)


def visitor(up: Stack, channel: str) -> Way:
    """Somebody new in a web chat."""
    state = {"session": "", "next": ""}

    def call(method: str, path: str, body: Any = None) -> Any:
        return http(method, up.base_url + path, body)

    def post(text: str) -> None:
        session = {"session": state["session"]} if state["session"] else {}
        state["session"] = call("POST", f"/channels/{channel}/webhook", {"text": text} | session)["session"]

    def poll() -> list[str]:
        after = f"&after={state['next']}" if state["next"] else ""
        answer = call("GET", f"/channels/{channel}/messages?session={state['session']}&wait_s=20{after}")
        state["next"] = answer["next"]
        return [message["text"] for message in answer["data"] if message["text"] == ANSWERED]

    return Way(post, poll)


def _chain(up: Stack, heard: Bot) -> Way:
    base, state = chain.deploy(up, heard.url), {"next": "0"}

    def post(text: str) -> None:
        http("POST", f"{base}/in", {"thread": "th_one", "key": text})

    def poll() -> list[str]:
        answer = http("GET", f"{base}/out?thread=th_one&after={state['next']}")
        state["next"] = answer["next"]
        return list(answer["data"])

    return Way(post, poll)


def http(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """What a URL answers, read as JSON; urllib's HTTPError for a refusal."""
    sent = {"Content-Type": "application/json"} | (headers or {})
    raw = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, raw, sent, method=method), timeout=40) as answer:
        text = answer.read().decode()
    return json.loads(text) if text else None


if __name__ == "__main__":
    measure().keep()
