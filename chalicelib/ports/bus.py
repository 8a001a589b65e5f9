"""The stage's EventBridge bus: platform events as CloudEvents, for consumers inside AWS.

Events cost a dollar a million whether anybody listens or not, so nothing is put while the bus has no rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.ports import aws, log
from chalicelib.ports.clock import now_ms
from chalicelib.ports.settings import settings

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
"""Of one PutEvents, with what its entries are made of:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html"""
SOURCE = "parley"
_LOOK_EVERY_MS = 60_000
_listened: tuple[int, bool] = (-_LOOK_EVERY_MS, False)

Event = dict[str, Any]


def listened() -> bool:
    """Whether the bus has a rule; looked up once a minute and process, so a new one is served within a minute."""
    global _listened
    now = now_ms()
    if not 0 <= now - _listened[0] < _LOOK_EVERY_MS:
        _listened = (now, _has_rules())
    return _listened[1]


def forget() -> None:
    """Look again at the next event."""
    global _listened
    _listened = (-_LOOK_EVERY_MS, False)


def put(events: Sequence[Event]) -> list[Event]:
    """Put CloudEvents on the bus in as few calls as they fit in; gives those that were not taken."""
    refused: list[Event] = []
    for batch in _batches(events):
        try:
            answer = aws.client("events").put_events(Entries=[entry for _, entry in batch])
        except (BotoCoreError, ClientError) as error:
            log.trouble("bus", error=type(error).__name__, events=len(batch))
            refused += [event for event, _ in batch]
            continue
        for (event, _), result in zip(batch, answer["Entries"], strict=True):
            if code := result.get("ErrorCode"):
                log.trouble("bus", error=code, events=1)
                refused.append(event)
    return refused


def _has_rules() -> bool:
    try:
        found = aws.client("events").list_rules(EventBusName=settings().bus, Limit=1)
    except (BotoCoreError, ClientError) as error:
        # Better an event that nobody wanted than one that somebody misses.
        log.trouble("bus", error=type(error).__name__)
        return True
    return bool(found["Rules"])


def _batches(events: Sequence[Event]) -> Iterator[list[tuple[Event, dict[str, Any]]]]:
    batch: list[tuple[Event, dict[str, Any]]] = []
    size = 0
    for event in events:
        entry = _entry(event)
        own = _size(entry)
        if own > MAX_BYTES:
            # No repeat makes it smaller; it is in its table all the same.
            log.trouble("bus", error="too_large", event=event["id"])
            continue
        if batch and (len(batch) == MAX_ENTRIES or size + own > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((event, entry))
        size += own
    if batch:
        yield batch


def _entry(event: Event) -> dict[str, Any]:
    return {
        "Time": datetime.fromisoformat(event["time"]).astimezone(UTC),
        "Source": SOURCE,
        "DetailType": event["type"].removeprefix(f"{SOURCE}."),
        "Detail": json.dumps(event, ensure_ascii=False, separators=(",", ":")),
        "EventBusName": settings().bus,
    }


def _size(entry: dict[str, Any]) -> int:
    """As EventBridge counts: 14 bytes of the time, and the texts in UTF-8."""
    return 14 + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))
