"""How long chains of messages are, as AWS counts them: by queues, from Lambda to Lambda, ended by a table's stream, by
the clock and by whoever calls from outside (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from infra import loops

DROPPED_AT = 16
"""How often a chain may come to one Lambda before AWS takes it for endless."""


class Chains:
    """What the pump has seen of them."""

    def __init__(self) -> None:
        self.longest: Counter[str] = Counter()
        """Lambda -> how often one chain came to it at most."""

    @contextmanager
    def run(self, step: str, batch: Iterable[dict[str, Any]], queues: Iterable[Any]) -> Iterator[None]:
        """Of a batch of queue messages: those that are put meanwhile go on with its chain.

        AssertionError where AWS would drop it.
        """
        told = list(queues)
        # What others put since the last run begins a chain.
        _mark(told, Counter())
        chain: Counter[str] = Counter()
        for message in batch:
            chain |= message.get("Chain", Counter())
        chain[step] += 1
        self.longest |= chain
        if chain[step] > DROPPED_AT and step not in loops.BOUNDED:
            raise AssertionError(f"AWS would drop this as an endless loop: {dict(chain)}")
        try:
            yield
        finally:
            _mark(told, chain)


def chain_of(message: Any) -> Counter[str]:
    """The chain that a message of moto's is part of."""
    return Counter(getattr(message, "chain", ()))


def _mark(queues: list[Any], chain: Counter[str]) -> None:
    for queue in queues:
        for message in queue._messages:
            if not hasattr(message, "chain"):
                message.chain = chain
