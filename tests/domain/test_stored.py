"""What a newer version has written is read by this one: each stored and queued shape, whatever was added to it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import pytest

from chalicelib import domain
from chalicelib.domain.chat import Chat
from chalicelib.domain.episode import Episode
from chalicelib.domain.event import Event
from chalicelib.domain.figures import Fact
from chalicelib.domain.file_copy import FileCopy
from chalicelib.domain.message import Author, Content, Media, Message
from chalicelib.domain.notice import Notice
from chalicelib.domain.order import Order
from chalicelib.domain.replay_run import ReplayRun
from chalicelib.domain.route import Route
from chalicelib.domain.stored import known
from chalicelib.domain.thread import Conversation, Thread

MEDIA = Media("https://files.example.com/a.png", "image/png", 3, "a.png")
CONTENT = Content("image", "look", (MEDIA,), {"params": {"a": 1}})
SAMPLES: dict[type, Any] = {
    Event: Event("ev_1", "customer.message", "sv_1", "ch_1", "custom", "7", "th_1", 1, {"content": {}}, True, "tc_1"),
    Content: CONTENT,
    Message: Message(
        "ms_1", "th_1", 1, "sv_1", "ch_1", "custom", "7", "cv_1", "ct_1", "Ada", "custom", "in", Author("user", "ct_1"),
        CONTENT, "received", 1, "ev_1", (Route("channel"),), (Route("bot", "bt_1"),), "tc_1",
    ),
    Thread: Thread("th_1", "sv_1", "ch_1", "custom", "7", 3, "desk", chat=Chat(2, "dk_1", "offered", 1, ("dk_2",))),
    Chat: Chat(2, "dk_1", "held", 1, ("dk_2",), "bot", {"id": "7"}, 9, "console", 3, 8, True, (4, 5), 5),
    Conversation: Conversation("th_1", 1, "sv_1", "bot", "bt_1", "open", 1),
    Episode: Episode("bt_1", 1, 9, 3, True, "dl_1-1", "http_500", 500),
    Fact: Fact("th_1#3#1", "sv_1", 1, {"ch_1": {"in": 1}}),
    FileCopy: FileCopy("th_1", 3, "ms_1", 0, "tc_1"),
    Route: Route("desk", "dk_1", "chat_started", "cv_1", "CCSP", reason="bot", params={"a": 1}),
    Order: Order("l-bt_1", "1", 2),
    ReplayRun: ReplayRun("sv_1", "rd_1", 2),
    Notice: Notice("message", "bt_1", "sv_1", "th_1", "cv_1", "custom", 1, content=CONTENT.plain()),
}  # fmt: skip


def _readers() -> Iterator[type]:
    """Every value of the domain that is read back from plain data."""
    for module in pkgutil.iter_modules(domain.__path__, f"{domain.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and is_dataclass(value) and isinstance(vars(value).get("of"), staticmethod):
                yield value


READERS = sorted({*_readers()}, key=lambda one: one.__name__)


BY_ID = frozenset({"bots", "told", "answered", "counts", "params", "attributes", "consent", "headers", "tally"})
"""Objects whose members are no fields: their names are ids, or other people's."""


def newer(plain: Any) -> Any:
    """As a newer version might have written it: every object within it has a member more."""
    if isinstance(plain, dict):
        known = {key: value if key in BY_ID else newer(value) for key, value in plain.items()}
        return known | {"of_the_next_version": {"x": [1]}}
    return [newer(one) for one in plain] if isinstance(plain, list) else plain


def without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without(inner) for key, inner in value.items() if key != "of_the_next_version"}
    return [without(one) for one in value] if isinstance(value, list) else value


def test_every_reader_has_a_sample() -> None:
    assert {*READERS} == {*SAMPLES}


@pytest.mark.parametrize("shape", READERS, ids=lambda shape: shape.__name__)
def test_what_was_added_is_passed_over(shape: Any) -> None:
    sample = SAMPLES[shape]
    assert shape.of(sample.plain()) == sample
    assert without(shape.of(newer(sample.plain())).plain()) == without(sample.plain())


@pytest.mark.parametrize("shape", [Author, Media, Chat], ids=lambda shape: shape.__name__)
def test_values_within_values(shape: Any) -> None:
    assert known(shape, {"of_the_next_version": 1}) == {}
