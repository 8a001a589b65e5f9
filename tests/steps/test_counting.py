"""Figures are what a recount of messages, conversations and attempts says, however the streams bring their changes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.figures import ALL, DAY_MS, MOST_OUTCOMES, OTHER, Fact, Figures, add, bucket, step_of, total
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.thread import CLOSED, DESK, Conversation, Thread
from chalicelib.ports import clock
from chalicelib.ports.settings import settings as here
from chalicelib.tables import figures, writes
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.figures import FigureRow
from chalicelib.tables.threads import THREAD, ThreadRow, conversation_item
from tests.cloud import Cloud, CutOff, taps
from tests.crash.test_sequences import STEPS, ServiceConfig, Story, event_of

HOUR_MS = 3_600_000
SERVICE = "sv_x"
BOT = "bt_" + "y" * 26
Record = dict[str, Any]


class Recount:
    """What was counted by hand, by service and step."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], Figures] = {}

    def note(self, service: str, at: int, counts: Figures) -> None:
        add(self.found.setdefault((service, step_of(at)), {}), counts)


def lived(steps: list[Any], thread: str, at: int, by: Recount, draw: random.Random) -> list[Record]:
    """The stream of a thread to which all this happens from a time on, by minutes or hours."""
    story, config, records = Story(Thread(thread, SERVICE, "ch_x", "webchat", "a")), ServiceConfig(), list[Record]()
    began: dict[int, int] = {}
    for n, step in enumerate(steps, 1):
        at += draw.choice((1_000, 61_000, 20 * 60_000, 7 * HOUR_MS))
        config.up = step[5]
        before, conversations, said = story.thread, dict(story.conversations), len(story.messages)
        turn = decide(replace(event_of(step, n, before), at=at), before, config)
        turn.thread = replace(turn.thread, version=n)
        story.keep(turn)
        for number, one in story.conversations.items():
            was = conversations.get(number)
            if one != was:
                records.append(changed(_conversation(was) if was else None, _conversation(one), at))
            if was is None:
                began[number] = at
        _recount(story, said, conversations, began, at, by)
        records.append(changed(_thread(before) if n > 1 else None, _thread(story.thread), at))
    return records


def _recount(
    story: Story, said: int, before: dict[int, Conversation], began: dict[int, int], at: int, by: Recount
) -> None:
    numbers = {one.id: number for number, one in story.conversations.items()}
    for one in story.messages[said:]:
        if one.state != FAILED and one.author.kind in ("user", "bot", "agent"):
            by.note(SERVICE, at, {"ch_x": {"in" if one.author.kind == "user" else "out": 1}})
        number = numbers.get(one.conversation, 0)
        if _by_person(one) and not any(
            _by_person(other) and other.conversation == one.conversation for other in story.messages[:said]
        ):
            waited = (at - began[number]) // 1000
            by.note(SERVICE, at, {story.conversations[number].party: {"first": {bucket(waited): 1}}})
    for number, its in story.conversations.items():
        was, of_desk = before.get(number), its.kind == DESK
        if was is None:
            handed = of_desk and its.reason not in ("rule", "transferred", "offer_expired")
            by.note(SERVICE, at, {ALL: {"opened": 1} | ({"handed": 1} if handed else {})})
            if of_desk:
                by.note(SERVICE, at, {its.party: {"opened": 1}})
        if its.state == CLOSED and (was is None or was.state != CLOSED):
            by.note(SERVICE, at, {ALL: {"closed": 1}})
            if of_desk:
                by.note(SERVICE, at, {its.party: {"closed": 1, "ends": {its.outcome or "other": 1}}})


def _by_person(one: Message) -> bool:
    return one.author.kind == "agent" and one.state != FAILED


def tried(lane: int, at: int, by: Recount, draw: random.Random) -> list[Record]:
    """The stream of a lane whose deliveries are tried, some in vain, and some given up."""
    records, name = list[Record](), f"{lane:026d}-{BOT}"
    for n in range(draw.randint(1, 4)):
        row, attempts = _delivery(name, n, "pending", []), list[dict[str, Any]]()
        for last in [False] * draw.randint(0, 3) + [True]:
            at += draw.choice((500, 60_000, 26 * HOUR_MS))
            status = draw.choice(("delivered", "failed", "expired")) if last else "waiting"
            if status != "expired":
                bad, took = status != "delivered", draw.choice((0, 3, 900, 5000))
                error = {"error": "timeout"} if bad else {}
                attempts = [*attempts, {"n": len(attempts) + 1, "at": at, "took_ms": took} | error]
                by.note(_OF_BOT, at, {BOT: {"tries": 1, "ms": {bucket(took): 1}} | ({"bad": 1} if bad else {})})
            if status in ("failed", "expired"):
                by.note(_OF_BOT, at, {BOT: {"lost": 1}})
            now = _delivery(name, n, status, attempts)
            records.append(changed(row, now, at))
            row = now
        # That it is replayed says nothing of it.
        records.append(changed(row, row | {"replayed_as": {"S": "x"}}, at))
    return records


_OF_BOT = f"sv_{'y' * 10}"


def _delivery(lane: str, n: int, status: str, attempts: list[dict[str, Any]]) -> Record:
    image: Record = DeliveryRow(lane, f"{n:040d}", status=status, attempts=attempts).serialize()
    return image


def _thread(thread: Thread) -> Record:
    state = {name: value for name, value in thread.plain().items() if name != "version"}
    image: Record = ThreadRow(thread.id, THREAD, version=thread.version, state=state).serialize()
    return image


def _conversation(one: Conversation) -> Record:
    image: Record = ThreadRow(one.thread, conversation_item(one.number), state=one.plain()).serialize()
    return image


def changed(before: Record | None, after: Record, at: int) -> Record:
    """A record of a table's stream."""
    of_thread = "thread" in after
    keys = {name: after[name] for name in (("thread", "item") if of_thread else ("lane", "key"))}
    table = here().table("threads" if of_thread else "deliveries")
    change = {"Keys": keys, "NewImage": after, "ApproximateCreationDateTime": at // 1000}
    return {
        "eventName": "MODIFY" if before else "INSERT",
        "eventSourceARN": f"arn:aws:dynamodb:eu-central-1:1:table/{table}/stream/1",
        "dynamodb": change | ({"OldImage": before} if before else {}),
    }


def delivered(cloud: Cloud, shards: list[list[Record]], draw: random.Random) -> None:
    """Each shard in its order; batches are cut off at any call, come again in other pieces, and from the beginning."""
    shards = [[record | {"dynamodb": record["dynamodb"] | {"SequenceNumber": f"{n:021d}"}}
               for n, record in enumerate(shard, 1)] for shard in shards]  # fmt: skip
    at, again = [0] * len(shards), draw.randint(0, 1)
    while left := [n for n, shard in enumerate(shards) if at[n] < len(shard)]:
        shard = draw.choice(left)
        size = draw.randint(1, 12)
        with _cut(draw.randint(0, 12)):
            answer = cloud.app.observe({"Records": shards[shard][at[shard] : at[shard] + size]}, None)
            if answer == {"batchItemFailures": []}:
                at[shard] += size if draw.random() < 0.8 else draw.randint(0, size - 1)
        if again and draw.random() < 0.05:
            at[shard], again = 0, 0


class _cut:
    """Ends the process before or after one of its calls, or never."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def __enter__(self) -> None:
        left = iter(range(self.calls, -1, -1))

        def hears(side: str, name: str) -> None:
            if next(left, 1) == 0:
                raise CutOff(name)

        taps.listen = hears if self.calls % 2 else None

    def __exit__(self, kind: Any, *_: Any) -> bool:
        taps.listen = None
        return kind is CutOff


@settings(
    derandomize=True, deadline=None, max_examples=10, database=None, phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    lives=st.lists(st.lists(STEPS, min_size=1, max_size=12), min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
    days=st.integers(2, 12),
)
def test_figures_are_a_recount(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, lives: list[list[Any]], seed: int, days: int
) -> None:
    monkeypatch.setattr(figures, "MOST_MARKS", 3)
    for row in [*FigureRow.scan()]:
        row.delete()
    draw, by = random.Random(seed), Recount()
    begins = step_of(clock.now_ms() - days * DAY_MS, 1000)
    shards = [lived(steps, f"th_{n:026d}", begins, by, draw) for n, steps in enumerate(lives)]
    shards += [[record for n in range(2) for record in tried(10 * shard + n, begins, by, draw)] for shard in range(2)]
    delivered(cloud, shards, draw)
    for service in (SERVICE, _OF_BOT):
        found = dict(figures.read(service, since=0, before=clock.now_ms() + 99 * DAY_MS))
        assert found == {at: data for (of, at), data in by.found.items() if of == service}
        in_days = Counter[int]()
        for at, data in figures.read_days(service, since=0, before=clock.now_ms() + 99 * DAY_MS):
            in_days[step_of(at, DAY_MS)] += sum(_numbers(data))
        assert in_days == _by_day(found)


@pytest.mark.parametrize("others", [3, 99])
def test_who_meets_others_at_the_same_figures_waits_a_while(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """Up to twice as long each time, and how long is chance; who always meets some says so after eight rounds."""
    waited, now = list[float](), clock.now_ms()
    step, left = figures._step_key(step_of(now)), iter(range(others))

    def another(side: str, call: str) -> None:
        if side == "before" and call == "TransactWriteItems" and next(left, None) is not None:
            taps.listen = None
            FigureRow(SERVICE, step, version=0, data={}, expires=now).save()
            FigureRow(SERVICE, step).update(actions=[FigureRow.version.set(100 + len(waited))])
            taps.listen = another

    monkeypatch.setattr(writes, "LONGEST_S", 0.4)
    monkeypatch.setattr(clock, "pause", waited.append)
    monkeypatch.setattr(taps, "listen", another)
    monkeypatch.setattr(random, "random", lambda: 0.5)
    one = [Fact("f1", SERVICE, now, {"ch_x": {"in": 1}})]
    if others == 3:
        assert figures.count(SERVICE, one, now_ms=now) == 1
        assert waited == [0.01, 0.02, 0.04]
    else:
        with pytest.raises(figures.FiguresBusy):
            figures.count(SERVICE, one, now_ms=now)
        assert waited == [0.01, 0.02, 0.04, 0.08, 0.16, 0.2, 0.2]


def test_what_is_more_than_is_counted_apart_is_counted_together() -> None:
    many = {f"outcome {n}": 1 for n in range(MOST_OUTCOMES)}
    found = add({"ends": dict(many)}, {"ends": {"x": 3, "y": 4, OTHER: 5, "outcome 1": 2}})
    assert found["ends"] == many | {"outcome 1": 3, OTHER: 12}
    assert len(add({}, {"ends": many | {"z": 1, "zz": 2}})["ends"]) == MOST_OUTCOMES + 1


def _numbers(data: Any) -> Iterator[int]:
    for value in data.values():
        yield from _numbers(value) if isinstance(value, dict) else [value]


def _by_day(found: dict[int, Figures]) -> Counter[int]:
    days = Counter[int]()
    for at, data in found.items():
        days[step_of(at, DAY_MS)] += sum(_numbers(total([data])))
    return days
