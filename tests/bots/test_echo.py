"""The echo bot: what it answers, and that it ends."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.bots import echo
from chalicelib.domain import notice as notices
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.domain.notice import Notice

SETTINGS = {"human": "Ein Mensch", "answer": "Sie sagten: {text}"}


def told(text: str = "hi", *, settings: dict[str, Any] | None = None, **more: Any) -> Any:
    given: dict[str, Any] = {
        "kind": notices.MESSAGE, "author": {"kind": "user"}, "content": {"type": "text", "text": text}, "number": 1,
    } | more  # fmt: skip
    notice = Notice.of({"destination": "bt_1", "conversation": "cv_1"} | given)
    return echo.answers(notice, settings or {"human": echo.HUMAN, "answer": echo.ANSWER})


def says(**more: Any) -> list[str]:
    return [one.content.text for one in told(**more).events]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"text": "hi"}, "You said: hi"),
        ({"text": "hi", "settings": SETTINGS}, "Sie sagten: hi"),
        ({"text": "{text}"}, "You said: {text}"),
        ({"text": "a human would know"}, "You said: a human would know"),
        ({"content": {"type": "location", "details": {"latitude": 1}}}, "You said: [location]"),
        ({"kind": notices.POSTBACK, "content": {"type": "postback", "details": {"payload": "YES"}}}, "You said: YES"),
        ({"author": {"kind": "event"}, "asked": "te_1", "text": "due"}, "You said: due"),
        ({"kind": notices.HANDOVER_FAILED, "reason": "no desk"}, "Nobody can take over: no desk."),
        ({"text": "hi", "number": echo.MOST}, "You said: hi"),
    ],
)  # fmt: skip
def test_it_answers(given: dict[str, Any], text: str) -> None:
    assert says(**given) == [text]


@pytest.mark.parametrize(
    "given",
    [
        {"text": "human"},
        {"text": " HUMAN! "},
        {"kind": notices.POSTBACK, "content": {"type": "postback", "text": "A", "details": {"payload": "human"}}},
        {"text": "ein mensch", "settings": SETTINGS},
    ],
)
def test_it_hands_over(given: dict[str, Any]) -> None:
    (event,) = told(**given).events
    assert (event.kind, event.conversation) == ("handover", "cv_1")


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "CCSP"},
        {"author": {"kind": "bot"}},
        {"author": {"kind": "agent"}},
        {"author": {"kind": "system"}},
        {"kind": notices.STATUS, "status": "delivered"},
        {"kind": notices.EDITED},
        {"text": "You said: hi"},
        {"number": echo.MOST + 1},
        {"number": echo.MOST + 1, "text": "human", "settings": SETTINGS},
    ],
)
def test_it_keeps_silent(given: dict[str, Any]) -> None:
    assert told(**given).events == ()


def test_two_of_them_soon_have_nothing_to_say_to_each_other() -> None:
    text, turns = "hello", 0
    while (answered := says(text=text)) and turns < 5:
        text, turns = answered[0], turns + 1
    assert turns == 1
    assert [why for _, why in told(text=text).ignored] == [
        "it begins as its own answers do: an echo is not answered"
    ], "its attempt says why"


def test_without_a_word_of_its_own_nobody_is_handed_over() -> None:
    assert says(text="human", settings={"human": "", "answer": "{text}"}) == ["human"]


def test_an_answer_is_no_longer_than_a_message_may_be() -> None:
    (text,) = says(text="é" * (MAX_TEXT_BYTES // 2))
    assert MAX_TEXT_BYTES - 1 <= len(text.encode()) <= MAX_TEXT_BYTES
