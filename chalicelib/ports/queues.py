"""Putting work on SQS queues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.ports import aws
from chalicelib.ports.settings import settings

_BATCH = 10
_BATCH_BYTES = 900_000
"""SQS takes 1 MiB a batch; the rest is room for the envelope."""


MOST_DELAY_S = 90
"""How long a message may lie on a queue before it is due; what is due later is kept in the table `schedule`. A queue's
age alarm knows by this what is late (`infra/queues.py`), and a chain of messages ends at the table."""


class QueueRefused(Exception):
    """A queue did not take an entry; the caller must not acknowledge what it wanted to queue."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message for a queue; `group` and `dedup` are for FIFO queues, `delay_s` for standard ones.

    ValueError where it is to wait for longer than `MOST_DELAY_S`.
    """

    body: dict[str, Any]
    group: str = ""
    dedup: str = ""
    delay_s: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.delay_s <= MOST_DELAY_S:
            raise ValueError(f"a delay of {self.delay_s} s; what is due later is kept in the table `schedule`")


@cache
def url(queue: str) -> str:
    """The URL of a queue by its short name, looked up once per process."""
    answer = aws.client("sqs").get_queue_url(QueueName=settings().queue(queue))
    return str(answer["QueueUrl"])


def send(queue: str, entries: Iterable[Entry]) -> None:
    """Put entries on a queue in their order; raises QueueRefused if any was not taken."""
    for batch in _batches(queue, entries):
        try:
            answer = aws.client("sqs").send_message_batch(QueueUrl=url(queue), Entries=batch)
        except Exception as error:
            raise QueueRefused(f"{queue}: {type(error).__name__}") from error
        if failed := answer.get("Failed"):
            raise QueueRefused(f"{queue}: {failed[0].get('Code')}")


def _batches(queue: str, entries: Iterable[Entry]) -> Iterable[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        body = _text(entry.body)
        if batch and (len(batch) == _BATCH or size + len(body.encode()) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        wire: dict[str, Any] = {"Id": str(len(batch)), "MessageBody": body}
        if queue.endswith(".fifo"):
            wire["MessageGroupId"] = entry.group
            wire["MessageDeduplicationId"] = hashlib.sha256(entry.dedup.encode()).hexdigest()
        elif entry.delay_s:
            wire["DelaySeconds"] = entry.delay_s
        batch.append(wire)
        size += len(body.encode())
    if batch:
        yield batch


def _text(body: dict[str, Any]) -> str:
    """JSON with the two characters escaped that SQS refuses and JSON would leave as they are.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def body_of(record: dict[str, Any]) -> dict[str, Any]:
    """The JSON body of an SQS record as Lambda hands it over."""
    body: dict[str, Any] = json.loads(record["body"])
    return body
