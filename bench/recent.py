"""What it takes to read a person's recent messages: 1, 10, 50 conversations, on threads of 10 to 1 000 000 messages.

What is seeded: a contact with its links, each conversation on a thread of its own whose row and newest messages have
the numbers of the length; at most 10 000 rows of messages are real for one contact. The others are left out, because
no query names them; `rows read` shows it. A page is of twenty, so threads of ten give half as much.

Calls, units and rows are counted on moto; rounds are the calls that had to wait for one before (what is asked at the
same time is one). Then the same request runs on the recorded answers, each handed over after 5 ms, as DynamoDB might
take: that is `ms`, and the process's own CPU meanwhile is `own CPU ms` (without botocore, as everywhere in `bench/`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

from botocore.client import BaseClient

from bench.meter import Tally
from bench.place import Place, moto
from bench.report import Goal, Result
from bench.thread_length import LENGTHS, _numbered

CONVERSATIONS = (1, 10, 50)
ROWS = 10_000
ANSWER_S = 0.005
TIMES = 7
Ask = Callable[[], Any]


def measure() -> Result:
    """All sizes, and the other lists over one of them."""
    rows: list[list[Any]] = []
    found: dict[str, dict[str, float]] = {}
    with moto() as new:
        for conversations in CONVERSATIONS:
            for length in LENGTHS:
                with new() as place:
                    contact, service = _person(place, conversations, length)
                    name = f"{conversations} conversations, {length} messages each"
                    found[name] = _figures(place, partial(_recent, place, contact))
                    if (conversations, length) == (10, LENGTHS[-1]):
                        found |= _lists(place, contact, service)
    for name, one in found.items():
        rows.append([name, *one.values()])
    sized = {n: [found[f"{n} conversations, {length} messages each"] for length in LENGTHS] for n in CONVERSATIONS}
    long = [(sizes[-1][name], sizes[-2][name]) for sizes in sized.values() for name in ("calls", "read_units", "rows")]
    goals = [
        Goal(
            "rounds of reads beside the key's", 3, max(one["rounds"] for sizes in sized.values() for one in sizes) - 1
        ),
        Goal("calls, units, rows of 1 000 000, times those of 10 000", 1.05, max(one / other for one, other in long)),
    ]
    columns = ["request", "AWS calls", "rounds", "read u.", "rows read", "answer KB", "own CPU ms", "ms at 5 ms a read"]
    note = "The first call and round is the API key's. With 50 conversations the reads of a round are 16 at a time."
    return Result("recent", "A person's recent messages", columns, rows, goals, [note], {"found": found})


def _recent(place: Place, contact: str) -> Any:
    return place.http("api", "POST", "/contacts.recent-messages", {"contact_id": contact})


def _lists(place: Place, contact: str, service: str) -> dict[str, dict[str, float]]:
    asks: dict[str, Ask] = {
        "timeline of 10 such threads": lambda: place.http("api", "GET", f"/v1/contacts/{contact}/timeline"),
        "messages of a source": lambda: place.http(
            "api", "POST", "/messages.list", {"source": "webchat", "service_id": service}
        ),
        "conversations of a contact": lambda: place.http("api", "GET", f"/v1/conversations?contact_id={contact}"),
    }
    return {name: _figures(place, ask) for name, ask in asks.items()}


def _person(place: Place, conversations: int, length: int) -> tuple[str, str]:
    """A contact with conversations on threads of this length; gives its id, and its service's."""
    from chalicelib.domain.message import position
    from tests.api.lives import AT, Life, newcomer
    from tests.cloud import _moto_table

    service = place.made["care"]["id"]
    contact = newcomer(service, "Ann")
    table = _moto_table(place.cloud._table("messages"))
    for n in range(conversations):
        life = Life(service, contact, f"a{n}", at=AT + n * 1000)
        life.say("What are your opening hours on Saturday, please?")
        key = next(key for key in table.items if key.value == life.thread.id)
        (first,) = table.items[key].values()
        rows = {}
        for seq in range(max(1, length - ROWS // conversations + 1), length + 1):
            row = _numbered(first, seq, type(key))
            row.attrs["position"] = type(key)({"S": position(life.at, seq)})
            rows[type(key)({"N": str(seq)})] = row
        table.items[key] = rows
        life.thread = replace(life.thread, last_seq=length, counts={"1": length})
        life._store()
    return contact, service


def _figures(place: Place, ask: Ask) -> dict[str, float]:
    place.cloud.meter.with_units = True
    rounds: set[str] = set()
    with _recorded(rounds) as answers:
        tally: Tally = place.start()
        answer = ask()
    timed = []
    with _answering(answers):
        for _ in range(TIMES):
            began, cpu = time.perf_counter(), time.process_time()
            assert ask() == answer
            timed.append((time.process_time() - cpu, time.perf_counter() - began))
    return {
        "calls": len(tally.calls),
        "rounds": len(rounds),
        "read_units": tally.read_units,
        "rows": sum(call.rows for call in tally.calls),
        "kb": len(json.dumps(answer)) / 1024,
        "own_ms": median(cpu for cpu, _ in timed) * 1000,
        "ms": median(wall for _, wall in timed) * 1000,
    }


def _name(operation: str, params: dict[str, Any]) -> str:
    return operation + json.dumps(params, sort_keys=True, default=str)


@contextmanager
def _recorded(rounds: set[str]) -> Iterator[dict[str, Any]]:
    """Keep what calls are answered, and the pools of threads that made them; one outside of all is a round itself."""
    make, answers = BaseClient._make_api_call, {}

    def kept(client: Any, operation: str, params: dict[str, Any]) -> Any:
        answer = answers[_name(operation, params)] = make(client, operation, params)
        rounds.add(threading.current_thread().name.rpartition("_")[0] or f"alone {len(rounds)}")
        return answer

    BaseClient._make_api_call = kept
    try:
        yield answers
    finally:
        BaseClient._make_api_call = make


@contextmanager
def _answering(answers: dict[str, Any]) -> Iterator[None]:
    """Answer calls from what was recorded, each after a while."""
    make = BaseClient._make_api_call

    def answered(_: Any, operation: str, params: dict[str, Any]) -> Any:
        time.sleep(ANSWER_S)
        return answers[_name(operation, params)]

    BaseClient._make_api_call = answered
    try:
        yield
    finally:
        BaseClient._make_api_call = make


if __name__ == "__main__":
    measure().keep()
