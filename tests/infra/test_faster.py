"""The emulator is made quicker from outside, and forgets what it must all the same."""

from __future__ import annotations

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


def test_it_is_the_emulators_own_way_of_forgetting_that_is_called() -> None:
    pruned: list[Any] = []
    sqs = SimpleNamespace(_prune_dedup=pruned.append)
    faster.quicken(sqs)
    for _ in range(3):
        sqs._prune_dedup({})
    assert len(pruned) >= 1
