"""Two reads at the same time: both are waited for, whatever becomes of either."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from chalicelib.ports.at_once import both


def test_each_waits_for_the_other() -> None:
    meeting = threading.Barrier(2, timeout=10)
    assert sorted(both(meeting.wait, meeting.wait)) == [0, 1]


def test_the_error_of_the_first_waits_for_the_second() -> None:
    begun, done = threading.Event(), []

    def first() -> NoReturn:
        begun.wait(10)
        raise KeyError("first")

    def second() -> None:
        begun.set()
        done.append("second")

    with pytest.raises(KeyError, match="first"):
        both(first, second)
    assert done == ["second"]


def test_the_error_of_the_second_is_raised_too() -> None:
    def second() -> NoReturn:
        raise SystemExit("second")

    with pytest.raises(SystemExit, match="second"):
        both(lambda: 1, second)
    assert both(lambda: 1, lambda: 2) == (1, 2)
