"""Tasks of timers and orders of lanes: each kind is read back, as the version after this wrote it or that before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain import tasks
from chalicelib.domain.order import Order
from chalicelib.domain.stored import UnknownKind
from chalicelib.domain.tasks import Place, Task, task_of
from chalicelib.steps import fire_timer

PLACE: Place = {"service": "sv_1", "channel": "ch_1", "channel_kind": "custom", "address": "7", "thread": "th_1"}
SAMPLES: tuple[Task, ...] = (
    tasks.OfferExpired(number=2, **PLACE),
    tasks.SnoozeOver(number=2, until=9, **PLACE),
    tasks.BotFailing(lane="l-bt_1", key="1", attempts=2, bot="bt_1", **PLACE),
    tasks.AnswerDue(asked="te_1", bot="bt_1", answer_within_s=900, **PLACE),
    tasks.TriggerDue(trigger="tr_1", generation=3, due=1),
    tasks.EndpointBack(endpoint="bt_1", service="sv_1", of=1, sweep=1, after="l"),
    tasks.LanesTry(endpoint="bt_1", after="l"),
    tasks.LaneWatch(lane="l-bt_1", head="1", attempt=1),
    tasks.LateStatus(service="sv_1", channel="ch_1", channel_kind="whatsapp", provider_id="w", state="failed", at=1,
                     error={"code": "1", "reason": "x"}, tries=2),
    tasks.ChangeAgain(event={"id": "ev_1", "body": {"tries": 1}}),
    tasks.ForgetFiles(thread="th_1", message="ms_1", files=["ms_1/0"], again=True),
    tasks.MessageAgain(thread="th_1", seq=4, position="0001", status=True),
    tasks.AnnounceAgain(table="threads", name="MODIFY", change={"SequenceNumber": "1"}),
    tasks.ObserveAgain(change={"SequenceNumber": "1"}),
    tasks.CountAgain(facts=[{"id": "th_1#3#1", "service": "sv_1", "at": 1, "counts": {"ch_1": {"in": 1}}}]),
    tasks.BusAgain(event={"id": "pe_1"}),
)  # fmt: skip


def test_every_kind_has_a_sample_and_somebody_who_does_it() -> None:
    assert [type(one) for one in SAMPLES] == list(tasks.TASKS) == list(fire_timer._DOES)
    assert len({one.kind for one in tasks.TASKS}) == len(tasks.TASKS)


@pytest.mark.parametrize("task", SAMPLES, ids=lambda task: task.kind)
def test_what_was_kept_is_read(task: Task) -> None:
    kept = json.loads(json.dumps(task.plain()))
    assert task_of(kept) == task
    assert task_of(kept | {"of_the_next_version": {"x": 1}}) == task


STORED_BEFORE: list[tuple[dict[str, Any], Task]] = [
    ({"kind": "offer.expired", "number": 2, "epoch": 4} | PLACE, SAMPLES[0]),
    ({"kind": "endpoint.enabled", "endpoint": "bt_1", "service": "sv_1", "of": 5},
     tasks.EndpointBack(endpoint="bt_1", service="sv_1", of=5)),
    ({"kind": "files.forget", "thread": "th_1", "message": "ms_1", "files": ["ms_1/0"]},
     tasks.ForgetFiles(thread="th_1", message="ms_1", files=["ms_1/0"])),
    ({"kind": "status", "service": "sv_1", "channel": "ch_1", "channel_kind": "whatsapp", "provider_id": "w",
      "state": "sent", "at": 1, "error": None},
     tasks.LateStatus(service="sv_1", channel="ch_1", channel_kind="whatsapp", provider_id="w", state="sent", at=1)),
]  # fmt: skip


@pytest.mark.parametrize(("kept", "task"), STORED_BEFORE, ids=lambda one: one.kind if isinstance(one, Task) else "")
def test_what_the_version_before_kept_is_read(kept: dict[str, Any], task: Task) -> None:
    assert task_of(kept) == task


@pytest.mark.parametrize("plain", [{}, {"kind": None}, {"kind": ["status"]}, {"kind": "moon.full"}])
def test_a_kind_that_nobody_knows_is_no_task(plain: dict[str, Any]) -> None:
    with pytest.raises(UnknownKind):
        task_of(plain)


@pytest.mark.parametrize(
    ("order", "plain"),
    [
        (Order("l"), {"lane": "l"}),
        (Order("l", trace="tc_1"), {"lane": "l", "trace": "tc_1"}),
        (Order("l", dead=2), {"lane": "l", "dead": 2}),
        (Order("l", head="1", attempt=3), {"lane": "l", "head": "1", "attempt": 3}),
        (Order("l", head="1", open="held"), {"lane": "l", "head": "1", "open": "held"}),
    ],
)
def test_orders_of_lanes(order: Order, plain: dict[str, Any]) -> None:
    assert order.plain() == plain
    assert Order.of(plain | {"of_the_next_version": 1}) == order
    with pytest.raises(KeyError):
        Order.of({key: value for key, value in plain.items() if key != "lane"})
