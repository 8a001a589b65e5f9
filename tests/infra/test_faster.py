"""The emulator is made quicker from outside, and forgets, reads and orders what it must all the same."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import time_machine

from infra.local import faster


def test_a_queue_forgets_old_ids_now_and_then() -> None:
    pruned: list[str] = []
    prune = faster.seldom(lambda queue: pruned.append(queue["name"]))
    one: dict[str, Any] = {"name": "one"}
    other: dict[str, Any] = {"name": "other"}
    with time_machine.travel(1_790_000_000, tick=False) as traveller:
        prune(one)
        prune(one)
        prune(other)
        assert pruned == ["one", "other"]
        traveller.shift(faster.PRUNE_S)
        prune(one)
    assert pruned == ["one", "other", "one"]


class Lambdas:
    """The emulator's readers of streams: each pass reads a record of each, in their order, on the thread that asks."""

    def __init__(self, **records: list[str]) -> None:
        self.records, self.read = records, list[str]()
        self.held = threading.Event()
        self.reads = threading.Event()
        self._esm_wake = threading.Event()
        self._poll_dynamodb_streams = self.read_all
        self._iter_all_esms = self.all_of_them

    def all_of_them(self) -> Iterator[faster.Mapping]:
        for name in self.records:
            arn = f"arn:aws:dynamodb:::table/{name}/stream/1"
            yield "1", "here", {"UUID": name, "EventSourceArn": arn, "FunctionName": f"parley-x-{name}"}

    def behind(self, mapping: faster.Mapping) -> bool:
        return bool(self.records[mapping[2]["UUID"]])

    def read_all(self) -> bool:
        came = False
        for mapping in self._iter_all_esms():
            if self.behind(mapping):
                came = True
                self.read.append(record := self.records[mapping[2]["UUID"]].pop(0))
                self.reads.set()
                if record == "slow":
                    assert self.held.wait(10)
        return came


def test_a_slow_reader_of_a_stream_holds_up_no_other_and_each_keeps_its_order() -> None:
    lambdas = Lambdas(push=["slow", "after"], fan_out=["one", "two"])
    faster.apart(lambdas, lambdas.behind)
    assert [lambdas._poll_dynamodb_streams() for _ in range(3)] == [True, True, False]
    assert [record for record in lambdas.read if record != "slow"] == ["one", "two"]
    assert not lambdas._esm_wake.is_set()
    lambdas.held.set()
    # Who has read has all looked at again.
    assert lambdas._esm_wake.wait(10)
    assert lambdas.read[-1] == "after"
    assert len(lambdas.read) == 4


def test_what_cannot_be_read_wakes_nobody() -> None:
    lambdas = Lambdas(push=["one"])

    def reads_nothing() -> bool:
        lambdas.reads.set()
        return False

    lambdas._poll_dynamodb_streams = reads_nothing
    faster.apart(lambdas, lambdas.behind)
    lambdas._poll_dynamodb_streams()
    assert lambdas.reads.wait(10)
    assert not lambdas._esm_wake.is_set()


class Worker:
    """The emulator's worker of a function, whose log is a pipe."""

    def __init__(self) -> None:
        read, self.says = os.pipe()
        self._proc: Any = SimpleNamespace(stderr=os.fdopen(read))
        self._stderr_queue = queue.Queue[str]()

    def _read_stderr(self) -> None:
        raise AssertionError("it is another that reads")

    def _drain_stderr(self) -> str:
        lines = []
        while not self._stderr_queue.empty():
            lines.append(self._stderr_queue.get())
        return "\n".join(lines)

    def _drain_stderr_bounded(self, first_line_wait: float = 0) -> str:
        return f"waits {first_line_wait}"


class Other(Worker):
    """One that reads its log in a way of its own."""


def _workers() -> tuple[type[Worker], type[Other]]:
    worker = type("Worker", (Worker,), {})
    return worker, type("Other", (worker, Other), {})


def test_what_a_function_said_is_there_with_its_answer_and_nothing_is_waited_for() -> None:
    of, _ = _workers()
    faster.at_once(of)
    worker = of()
    assert worker._drain_stderr_bounded() == ""
    os.write(worker.says, b"one\ntwo \xc3\xa9\nthr")
    assert worker._drain_stderr_bounded() == "one\ntwo é"
    os.write(worker.says, b"ee\n")
    assert worker._drain_stderr_bounded() == "three"


def test_what_a_function_says_is_read_while_it_runs() -> None:
    of, _ = _workers()
    faster.at_once(of)
    worker = of()
    reader = threading.Thread(target=worker._read_stderr)
    reader.start()
    # More than a pipe holds: it would stand still if nobody read.
    os.write(worker.says, b"x" * 200_000 + b"\nlast\n")
    os.close(worker.says)
    reader.join(10)
    assert not reader.is_alive()
    assert worker._drain_stderr_bounded() == "x" * 200_000 + "\nlast"


def test_a_worker_that_was_started_anew_is_heard_anew() -> None:
    of, _ = _workers()
    faster.at_once(of)
    worker, again = of(), of()
    os.write(worker.says, b"before")
    assert worker._drain_stderr_bounded() == ""
    worker._proc, worker._stderr_queue = again._proc, again._stderr_queue
    os.write(again.says, b"after\n")
    assert worker._drain_stderr_bounded() == "after"
    worker._proc = None
    assert worker._drain_stderr_bounded(first_line_wait=1) == "waits 1"


def test_workers_of_other_kinds_are_left_as_they_are() -> None:
    of, other = _workers()
    faster.at_once(of)
    assert other()._drain_stderr_bounded(first_line_wait=0.1) == "waits 0.1"


def test_it_is_the_emulators_own_that_is_changed() -> None:
    pruned: list[Any] = []
    sqs, lambdas = SimpleNamespace(_prune_dedup=pruned.append), Lambdas()
    faster.quicken(sqs, lambdas, SimpleNamespace(), _workers()[0])
    sqs._prune_dedup({})
    assert pruned == [{}]
    assert vars(lambdas)["_ESM_IDLE_WAKE_GAP_SECONDS"] == faster.NAP_S
