"""Routes as messages' rows keep them, and the lanes that they name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import lane, thread
from chalicelib.domain.message import Author, Content, Message
from chalicelib.domain.route import Route
from chalicelib.tables import messages

TEXTS = st.text("abc_", max_size=4)
ROUTES = st.builds(
    Route,
    to=st.sampled_from(["channel", "bot", "desk", "subscription", "trigger"]),
    id=TEXTS,
    notice=TEXTS,
    conversation=TEXTS,
    mode=st.sampled_from(["BOT", "CCSP"]),
    number=st.integers(0, 9),
    patience_s=st.integers(0, 9),
    desk=TEXTS,
    asked=TEXTS,
    event=TEXTS,
    outcome=TEXTS,
    reply=TEXTS,
    error=st.none() | st.just({"code": "timeout", "reason": "late"}),
    notify=st.booleans(),
    reason=TEXTS,
    params=st.dictionaries(TEXTS, st.booleans(), max_size=2),
    owner=TEXTS,
)
THREAD = thread.thread_id("ch_x", "7")


def said(*routes: Route, channel: str = "ch_x", conversation: str = "c_a") -> Message:
    return Message(
        id=thread.message_id(THREAD, "ev_1"), thread=THREAD, seq=1, service="sv_x", channel=channel,
        channel_kind="custom", address="7", conversation=conversation, contact="ct_1", contact_name="Ada",
        source="custom", direction="in", author=Author("user", "ct_1"), content=Content(text="hello"),
        state="received", sent_at=1, event="ev_1", routes=routes, status_to=routes,
    )  # fmt: skip


@given(st.lists(ROUTES, max_size=3), st.sampled_from([{}, {"patience_s": 3, "desk": "a"}]))
def test_a_row_keeps_what_was_decided(routes: list[Route], after: dict[str, Any]) -> None:
    """Short as they are stored, but for the conversation: a message's own is not said again."""
    row = messages.row_of(said(*routes), after=after)
    row.data = json.loads(json.dumps(row.data))
    read = messages.of_row(row)
    for kept, was in zip(read.routes, routes, strict=True):
        assert kept.conversation in (was.conversation, "")
        assert (kept.conversation or "c_a") == (was.conversation or "c_a")
        assert Route.of(kept.plain() | {"conversation": ""}) == Route.of(was.plain() | {"conversation": ""})
    assert read.status_to == read.routes


STORED_BEFORE = [
    ({"to": "channel"}, Route("channel")),
    (
        {"to": "bot", "id": "bt_1", "notice": "message", "mode": "BOT", "number": 4, "patient": True},
        Route("bot", "bt_1", "message", number=4, patience_s=30, desk="dk_1"),
    ),
    (
        {"to": "desk", "id": "dk_1", "notice": "chat_started", "mode": "CCSP", "reason": "bot", "params": {}},
        Route("desk", "dk_1", "chat_started", mode="CCSP", reason="bot"),
    ),
    (
        {"to": "trigger", "id": "tr_1", "notify": False, "asked": "te_1", "outcome": "succeeded",
         "event": "trigger.completed", "reply": "done"},
        Route("trigger", "tr_1", asked="te_1", event="trigger.completed", outcome="succeeded", reply="done"),
    ),
]  # fmt: skip
"""Rows as the version before `Route` wrote them."""


@pytest.mark.parametrize(("stored", "read"), STORED_BEFORE, ids=lambda one: one.to if isinstance(one, Route) else "")
def test_rows_of_before_are_read(stored: dict[str, Any], read: Route) -> None:
    row = messages.row_of(said(), after={"patience_s": 30, "desk": "dk_1"})
    row.data = dict(row.data) | {"routes": [stored]}
    assert messages.of_row(row).routes == (read,)


BOT, ASKS = Route("bot", "bt_1"), Route("bot", "bt_1", asked="te_0123456789abc")
OUTCOME = Route("subscription", "su_1", asked="te_0123456789abc", event="trigger.completed")
KEY = THREAD[3:]


@pytest.mark.parametrize(
    ("route", "channel", "name", "queue", "retries"),
    [
        (Route("channel"), "ch_x", "ch_x", "sends.fifo", "send-retries"),
        (Route("channel", bulk=True), "ch_x", "ch_x-b", "bulk-sends.fifo", "send-retries"),
        (BOT, "ch_x", "bt_1", "deliveries.fifo", "retries"),
        (Route("bot", "bt_1", bulk=True), "ch_x", "bt_1-b", "bulk-deliveries.fifo", "retries"),
        (ASKS, "tr_x", "bt_1-b", "bulk-deliveries.fifo", "retries"),
        (OUTCOME, "tr_x", "su_1-3456789abc-b", "bulk-deliveries.fifo", "retries"),
        (BOT, "so_x", "bt_1-b", "bulk-deliveries.fifo", "retries"),
    ],
)
def test_a_route_names_its_lane_and_that_its_queue(
    route: Route, channel: str, name: str, queue: str, retries: str
) -> None:
    named = lane.lane_of_route(said(route, channel=channel), route)
    assert (named, lane.queue_of(named), lane.retry_queue_of(named)) == (f"{KEY}-{name}", queue, retries)
    again = lane.lane_of_route(said(route, channel=channel), route, replay=True)
    assert again == f"{named}-r" == lane.replay_of(named) == lane.replay_of(again)
    assert lane.thread_of(named) == THREAD


def test_what_is_told_of_conversations_and_of_causes_has_lanes_of_its_own() -> None:
    of = {
        lane.lane_of(THREAD, "su_1"),
        lane.lane_of(THREAD, "su_1", conversations=True),
        lane.lane_of(THREAD, "su_1", cause="aaaaaaaaaaaa"),
        lane.lane_of(THREAD, "su_1", cause="aaaaaaaaaabb", bulk=True),
        lane.lane_of(THREAD, "su_1", channel="so_1"),
    }
    assert of == {f"{KEY}-su_1{ending}" for ending in ("", "-c", "-aaaaaaaaaa", "-aaaaaaaaaa-b", "-b")}
