"""Bulk beside chat: ten thousand trigger events are queued, and a visitor goes on talking to a bot.

What is compared is the same round trip of the chat, and the same POST of an event, before and while the queue is full,
in one run on one emulator. The bots of both are apart, so that what is slow is ours.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from bench.bot import bot
from bench.latency import chat_of, http, visitor
from bench.report import Goal, Result
from bench.words import ASKED, TOKEN
from infra.local.stack import Stack, stack

QUEUED, TRIPS, WARM, PAUSE_S = 10_000, 30, 5, 0.3
_BATCH = 10


def measure() -> Result:
    """Chat and accepting alone, then both while the events are worked off."""
    with bot() as heard, bot() as worker, stack() as up:
        chat = visitor(up, chat_of(up, heard.url))
        trigger = _trigger(up, worker.url)

        def trip() -> None:
            chat.post(f"{ASKED} {time.time_ns():020d}")
            assert chat.poll(), "no answer within the poll's time"

        def fire() -> None:
            sent = {"Authorization": f"Bearer {trigger['secret']}"}
            http("POST", trigger["event_url"], {"text": ASKED, "session": "one"}, sent)

        for _ in range(WARM):
            trip()
            fire()
        alone = [_timed(trip), _timed(fire)]
        began = time.monotonic()
        _queue(up, trigger, began=int(time.time() * 1000))
        filled_s = time.monotonic() - began
        beside = [_timed(trip), _timed(fire)]
        left = _waiting(up)
        # Ten thousand take minutes, and nothing more is asked of them.
        up.emulator.kill()
    rows: list[list[Any]] = []
    figures: dict[str, Any] = {"queued": QUEUED, "left": left, "filling_s": round(filled_s, 1)}
    for name, before, while_ in zip(("chat round trip", "accepting an event"), alone, beside, strict=True):
        tail = [quantiles(ms, n=20)[-1] for ms in (before, while_)]
        rows.append([name, median(before), median(while_), median(while_) / median(before), *tail, tail[1] / tail[0]])
        key = name.replace(" ", "_")
        figures |= {f"{key}_ratio_median": rows[-1][3], f"{key}_ratio_p95": rows[-1][6]}
    columns = ["", "alone ms, median", "beside ms, median", "ratio", "alone ms, p95", "beside ms, p95", "ratio, p95"]
    goals = [
        Goal("chat round trip beside, p95", 2, rows[0][6], "times "),
        Goal("accepting an event beside, median", 3, rows[1][3], "times "),
    ]
    why = (
        "Triggers have queues and ceilings of their own up to the bot, so what is left is this machine: the emulator's "
        "workers share its cores, and one thread of it carries all streams."
    )
    left_over = f"{left} of {QUEUED} events were still queued when the last was timed."
    notes = [f"{TRIPS} each, after {WARM} to warm up; {left_over}", why]
    return Result("triggers", "Chat while ten thousand trigger events are queued", columns, rows, goals, notes, figures)


def _timed(act: Callable[[], None]) -> list[float]:
    found = []
    for _ in range(TRIPS):
        began = time.monotonic_ns()
        act()
        found.append((time.monotonic_ns() - began) / 1e6)
        time.sleep(PAUSE_S)
    return found


def _trigger(up: Stack, bot_url: str) -> dict[str, Any]:
    def call(method: str, path: str, body: Any = None) -> Any:
        return http(method, up.base_url + path, body, {"Authorization": f"Bearer {up.admin_key}"})

    service = call("POST", "/v1/services", {"name": "bulk"})["id"]
    about = {"service_id": service, "name": "worker", "profile": "imi", "verification_token": TOKEN}
    bot_id = call("POST", "/v1/bots", about | {"webhook_url": bot_url})["id"]
    call("POST", f"/v1/bots/{bot_id}/verify")
    made: dict[str, Any] = call("POST", "/v1/triggers", {"service_id": service, "name": "bulk", "bot_id": bot_id})
    return made


def _queue(up: Stack, trigger: dict[str, Any], *, began: int) -> None:
    """Put the events where the edge puts them: posting ten thousand would take the time in which they are done."""
    from chalicelib.domain.thread import thread_id

    client, url = up.client("sqs"), up.queue_url("trigger-events.fifo")
    for first in range(0, QUEUED, _BATCH):
        entries = []
        for at in range(first, first + _BATCH):
            session = f"s{at}"
            thread = thread_id(trigger["id"], session)
            body = {
                "id": f"te_{at:026d}", "trigger": trigger["id"], "service": trigger["service_id"], "name": "bulk",
                "bot": trigger["bot_id"], "thread": thread, "session": session, "text": ASKED, "payload": None,
                "contact": {"name": "", "identities": []}, "session_s": 86_400, "answer_within_s": 900,
                "at": began, "trace": "tc_bench",
            }  # fmt: skip
            entry = {"Id": str(at), "MessageBody": json.dumps(body), "MessageGroupId": thread}
            entries.append(entry | {"MessageDeduplicationId": hashlib.sha256(session.encode()).hexdigest()})
        client.send_message_batch(QueueUrl=url, Entries=entries)


def _waiting(up: Stack) -> int:
    name = "ApproximateNumberOfMessages"
    answer = up.client("sqs").get_queue_attributes(QueueUrl=up.queue_url("trigger-events.fifo"), AttributeNames=[name])
    return int(answer["Attributes"][name])


if __name__ == "__main__":
    measure().keep()
