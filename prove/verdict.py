"""What must hold once all is quiet: nothing lost, doubled, out of order or left standing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from infra.local import Stack
from prove.people import OWN, TRIGGER, Person
from prove.place import Place


def done(people: list[Person]) -> bool:
    """Whether everybody has at least as many answers, and every bot as many texts, as are to come."""
    for one in people:
        if len(one.place.bots[one.bot].texts[one.name]) < len(one.said):
            return False
        expected = one.expected()
        if expected is not None and len(one.seen()) < len(expected):
            return False
    return True


def told(people: list[Person]) -> Iterator[str]:
    """Violations of what people and bots were to hear."""
    for one in people:
        if one.trouble:
            yield f"{one.name} was stopped: {one.trouble}"
        heard = one.place.bots[one.bot].texts[one.name]
        if heard != one.said:
            yield f"the bot of {one.name} heard {_difference(heard, one.said)}"
        expected = one.expected()
        if expected is not None and (seen := one.seen()) != expected:
            yield f"{one.name} saw {_difference(seen, expected)}"


def _difference(got: list[str], wanted: list[str]) -> str:
    if missing := [text for text in wanted if text not in got]:
        return f"{len(got)} of {len(wanted)}; missing {missing[:5]}"
    if doubled := sorted({text for text in got if got.count(text) > 1}):
        return f"twice: {doubled[:5]}"
    if unknown := [text for text in got if text not in wanted]:
        return f"what nobody said: {unknown[:5]}"
    at = next(at for at, (one, other) in enumerate(zip(got, wanted, strict=True)) if one != other)
    return f"out of order from {at}: {got[at : at + 5]}"


def _rows(up: Stack, table: str) -> Iterator[dict[str, Any]]:
    pages = up.client("dynamodb").get_paginator("scan").paginate(TableName=f"parley-{up.stage}-{table}")
    for page in pages:
        for row in page["Items"]:
            yield {name: next(iter(value.values())) for name, value in row.items()}


def standing(up: Stack) -> list[str]:
    """What is not done yet, or given up: lanes, leases, deliveries, retries that are due, events of triggers, messages
    in queues, dead letters."""
    found = []
    for row in _rows(up, "deliveries"):
        if row["key"] == "~":
            found.append(f"lane {row['lane']} is blocked: {sorted(row.items())}")
        elif row.get("status") != "delivered":
            found.append(f"delivery {row['lane']} {row['key']} is {row.get('status')}")
    for row in _rows(up, "trigger_events"):
        if row["status"] in ("accepted", "failed"):
            found.append(f"event {row['id']} of a trigger is {row['status']}")
    now_ms = time.time() * 1000
    for row in _rows(up, "schedule"):
        if int(row["due_id"].partition("#")[0]) < now_ms - 90_000:
            found.append(f"overdue for {row['queue']}: {row['due_id']}")
    found += [f"dead letter of {row['step']}: {row['body']}"[:400] for row in _rows(up, "failures")]
    sqs, names = up.client("sqs"), ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for url in sqs.list_queues().get("QueueUrls", ()):
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if held := sum(int(counts[name]) for name in names):
            found.append(f"{held} in {url.rpartition('/')[2]}")
    return found


def waits_s(people: list[Person], place: Place) -> list[float]:
    """How long each text took from its first try until the bot heard it."""
    taken = []
    for one in people:
        heard = place.bots[one.bot].at
        taken += [heard[text] - at for text, at in one.at.items() if text in heard]
    return sorted(taken)


def figures(people: list[Person], place: Place) -> dict[str, float]:
    """Counts, and seconds until the bot heard: of those who chat and, apart, of triggers, which may wait."""
    logs = (*place.bots.values(), place.desk, place.provider)
    found: dict[str, float] = {
        "texts": sum(len(one.said) for one in people),
        "by provider": sum(len(one.said) for one in people if one.kind == OWN),
        "by trigger": sum(len(one.said) for one in people if one.kind == TRIGGER),
        "told again under the same id": sum(log.repeats for log in logs),
    }
    for name, taken in (
        ("chats", waits_s([one for one in people if one.kind != TRIGGER], place)),
        ("triggers", waits_s([one for one in people if one.kind == TRIGGER], place)),
    ):
        if len(taken) > 1:
            cuts = statistics.quantiles(taken, n=20)
            found |= {f"{name} median s": cuts[9], f"{name} p95 s": cuts[18], f"{name} longest s": taken[-1]}
    return {name: round(value, 2) for name, value in found.items()}
