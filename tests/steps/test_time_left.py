"""What goes out as several messages with slow files ends before the function does, and goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from chalicelib import channels
from chalicelib.channels.contract import Channel, Outcome, Outgoing, Sent, TryLater
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Content, Media
from chalicelib.lanes.time_left import NO_TIME, within

FILES = tuple(Media(f"https://files.example.com/{number}.png", "image/png") for number in range(5))


class Meta:
    """Gets each file in fourteen seconds, of a function that has sixty."""

    def __init__(self) -> None:
        self.left_ms, self.got = 60_000, list[str]()

    async def __call__(self, method: str, url: str, *, headers: Any, body: bytes = b"", timeout_s: float) -> Exchange:
        self.left_ms -= 14_000
        self.got.append(json.loads(body)["message"]["attachment"]["payload"]["url"])
        return Exchange(200, {}, json.dumps({"message_id": f"m_{len(self.got)}"}).encode(), 14_000)

    def sends(self, done: int) -> Outcome:
        channel = Channel("ch_1", {"page_id": "1"}, {"access_token": "x", "app_secret": "y"})
        message = Outgoing("dl_1", "42", Content("image", media=FILES), done=done)
        adapter: Any = channels.load("messenger")
        outcome: Outcome = asyncio.run(adapter.send(message, channel, within(self, lambda: self.left_ms)))
        return outcome


def test_slow_files_go_out_in_several_runs_and_each_once() -> None:
    first, second = Meta(), Meta()
    stopped = first.sends(0)
    assert isinstance(stopped, TryLater) and (stopped.error, stopped.done) == (NO_TIME, 3)
    assert first.left_ms > 6_000, "for recording it"
    assert isinstance(second.sends(stopped.done), Sent)
    assert [*first.got, *second.got] == [item.url for item in FILES]
