"""What counts in a change of a row, as facts with names of their own: from the streams of `threads` and `deliveries`.

A thread's version, a conversation's beginning and end, an attempt and the end of a delivery happen once each, so their
names are their facts'. A change that is told twice, or whose row was written as it was, says the same or nothing.
What is said in a test counts as nothing; how a bot fares is told by its attempts, whatever they are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.figures import ALL, Fact, Figures, bucket, outcome_name
from chalicelib.domain.lane import destination_of
from chalicelib.domain.resource_id import service_of
from chalicelib.domain.thread import CLOSED, DESK, NOTIFICATION, SOURCE, Conversation, Thread
from chalicelib.tables import deliveries, threads
from chalicelib.tables.attributes import PlainAttribute, PlainListAttribute

NOT_OF_BOTS = ("rule", "transferred", "offer_expired")
"""Why a desk's conversation is opened that no bot has handed over."""


def facts_of(table: str, record: Mapping[str, Any]) -> list[Fact]:
    """The facts of a record of a table's stream."""
    change = record["dynamodb"]
    if "NewImage" not in change:
        return []
    if table == "deliveries":
        return [*_of_delivery(change)]
    conversation = str(change["Keys"]["item"]["S"]) != threads.THREAD
    return [*(_of_conversation(change) if conversation else _of_thread(change))]


def _of_thread(change: Mapping[str, Any]) -> Iterator[Fact]:
    image = change["NewImage"]
    thread = Thread.of(_state(image) or {})
    if not thread.tally or thread.test:
        return
    counts: Figures = {}
    if said := {name: n for name in ("in", "out") if (n := thread.tally.get(name))}:
        counts[thread.channel] = said
    if "first" in thread.tally and thread.chat is not None:
        counts[thread.chat.desk] = {"first": {bucket(int(thread.tally["first"])): 1}}
    if counts:
        yield _fact(change, f"{thread.id}#{image['version']['N']}", thread.service, counts)


def _of_conversation(change: Mapping[str, Any]) -> Iterator[Fact]:
    was, now = _state(change.get("OldImage")), Conversation.of(_state(change["NewImage"]) or {})
    if now.kind in (SOURCE, NOTIFICATION) or now.test:
        return
    of_desk = now.kind == DESK
    if was is None:
        handed = {"handed": 1} if of_desk and now.reason not in NOT_OF_BOTS else {}
        counts: Figures = {ALL: {"opened": 1} | handed} | ({now.party: {"opened": 1}} if of_desk else {})
        yield _fact(change, f"{now.id}#opened", now.service, counts)
    if now.state == CLOSED and (was is None or was.get("state") != CLOSED):
        ended = {"closed": 1, "ends": {outcome_name(now.outcome): 1}}
        counts = {ALL: {"closed": 1}} | ({now.party: ended} if of_desk else {})
        yield _fact(change, f"{now.id}#closed", now.service, counts)


def _of_delivery(change: Mapping[str, Any]) -> Iterator[Fact]:
    lane, key = (str(change["Keys"][name]["S"]) for name in ("lane", "key"))
    destination = destination_of(lane)
    if key == deliveries.LANE or not destination:
        return
    was, now = change.get("OldImage") or {}, change["NewImage"]
    service, before = service_of(destination), len(_attempts(was))
    for attempt in _attempts(now)[before:]:
        bad = {"bad": 1} if attempt.get("error") else {}
        counts = {"tries": 1, "ms": {bucket(int(attempt.get("took_ms") or 0)): 1}} | bad
        yield _fact(change, f"{lane}-{key}#{attempt['n']}", service, {destination: counts})
    ended, status = (image.get("status", {}).get("S", "") for image in (was, now))
    if status in deliveries.GIVEN_UP and status != ended:
        yield _fact(change, f"{lane}-{key}#lost", service, {destination: {"lost": 1}})


def _state(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return PlainAttribute().deserialize(image["state"]["M"]) if image else None


def _attempts(image: Mapping[str, Any]) -> list[dict[str, Any]]:
    return PlainListAttribute().deserialize(image["attempts"]["L"]) if "attempts" in image else []


def _fact(change: Mapping[str, Any], id: str, service: str, counts: Figures) -> Fact:
    at = time_of(change)
    # Under an address of which everything was erased versions and conversations begin anew.
    return Fact(f"{id}#{at}", service, at, counts)


def time_of(change: Mapping[str, Any]) -> int:
    """When a change was written, to the second, in milliseconds; also as the SDK reads it from a stream."""
    written = change["ApproximateCreationDateTime"]
    return int(float(written.timestamp() if isinstance(written, datetime) else written) * 1000)
