"""Having a queue hand out again soon what failed: its own visibility timeout is for processes that die, and is minutes.

While a message of a FIFO group is invisible the group stands still, so a conversation whose event met a throttled table
would be silent for as long. The waits grow, so that an outage of some ten minutes makes no dead letters.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from chalicelib.ports import aws, log
from chalicelib.ports.settings import settings

WAITS_S = (2, 10, 30, 60, 120, 300, 300)
"""How long a message stays away after its first failure, its second, and so on: a quarter of an hour in all."""
MAX_RECEIVES = len(WAITS_S) + 1
"""How often a queue hands out a message before it is a dead letter; infra tells the queues."""
_JITTER = 0.2
_BATCH = 10


def receives(record: dict[str, Any]) -> int:
    """How often a record of SQS was handed out, this time among them."""
    return int(record["attributes"].get("ApproximateReceiveCount", 1))


def wait_s(received: int) -> int:
    """How long a message stays away that failed for the n-th time, up to a fifth longer: what failed together does not
    come back together."""
    base = WAITS_S[min(received, len(WAITS_S)) - 1]
    return round(base * (1 + _JITTER * random.random()))  # noqa: S311 - not a secret


def soon(failed: Iterable[tuple[dict[str, Any], int]]) -> None:
    """Have records come again after so many seconds. Where that fails the queue's own timeout stands."""
    by_queue: dict[str, list[dict[str, Any]]] = {}
    for record, seconds in failed:
        entries = by_queue.setdefault(record["eventSourceARN"].rpartition(":")[2], [])
        handle = record["receiptHandle"]
        entries.append({"Id": str(len(entries)), "ReceiptHandle": handle, "VisibilityTimeout": seconds})
    for name, entries in by_queue.items():
        for at in range(0, len(entries), _BATCH):
            _change(name, entries[at : at + _BATCH])


def _change(name: str, entries: list[dict[str, Any]]) -> None:
    from chalicelib.ports import queues

    try:
        url = queues.url(name.removeprefix(settings().queue("")))
        answer = aws.client("sqs").change_message_visibility_batch(QueueUrl=url, Entries=entries)
        refused = [str(one.get("Code")) for one in answer.get("Failed", ())]
    except Exception as error:
        refused = [type(error).__name__]
    if refused:
        log.trouble("redelivery", queue=name, error=", ".join(sorted(set(refused))))
