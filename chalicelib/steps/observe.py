"""Counts: what was said, what became of conversations, and how deliveries fare, of each service and time; and keeps
when webhooks failed.

Reads the streams of threads, deliveries and webhooks as they have gathered for a minute, so that a busy service costs
as many writes as a quiet one. A batch may come again, in other pieces, or be cut off: facts are known by their marks,
an episode by its key. The hot path gains no write by it.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.figures import Fact
from chalicelib.figures import counting
from chalicelib.figures.episodes import episode_of, keep
from chalicelib.figures.facts import facts_of
from chalicelib.ports import clock, log
from chalicelib.ports.lambdas import each_change, table_of


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of one of the streams."""
    started, facts = clock.now_ms(), list[Fact]()

    def handle(record: dict[str, Any]) -> None:
        if (table := table_of(record)) != "endpoints":
            facts.extend(facts_of(table, record))
        elif episode := episode_of(record["dynamodb"]):
            keep(episode)

    answer = each_change(event, handle, step="observe")
    if facts:
        counted = counting.count(facts)
        lag = max(0, started - facts[-1].at)
        log.step("observe", facts=len(facts), counted=counted, took_ms=clock.now_ms() - started, lag_ms=lag)
    return answer
