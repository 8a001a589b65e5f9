"""Which choice an answer means, however it is written; and that none is taken for one that surely is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import channels
from chalicelib.channels.fallback import adapted
from chalicelib.domain.choosing import (
    HELD_S,
    MOST_BYTES,
    answered,
    asked_of,
    choices,
    chosen,
    labels,
    offer,
    ordinal,
)
from chalicelib.domain.message import Content
from chalicelib.domain.thread import Thread, changing, with_state

MENU = ["Billing", "Delivery", "Other \u2026"]
ANSWERS: dict[str, int | None] = {
    "1": 0, "1.": 0, "1)": 0, " 2 ": 1, "(2)": 1, "#2": 1, "2 Delivery": 1, "2. Delivery": 1, "2: ": 1, "Option 2": 1,
    "2\ufe0f\u20e3": 1, "\u2461": 1, "\uff12": 1, "\uff12\uff0e": 1, "\u0662": 1, "\u06f2": 1, "\u0e52": 1,
    "\u0968": 1, "2\u200f": 1, "\u202b2\u202c": 1, "delivery": 1, "Deliver": 1, "delivery!": 1, "02": 1,
    "Delivery\u00a0": 1, "other ...": 2, "Other": 2, "1,2": None, "0": None, "4": None, "2 pizzas": None,
    "2026": None, "i want 2": None, "2 Billing": None, "no": None, "": None, "10": None, "12/11/2026": None,
    "2 days ago": None,
    # What people write, too.
    "*2*": 1, "\u201c2\u201d": 1, "2!": 1, "No. 2": 1, "\u21162": 1, "Auswahl 2": 1,
    "\u0935\u093f\u0915\u0932\u094d\u092a \u0968": 1,
    "\u062e\u064a\u0627\u0631 \u0662": 1, "2 - delivery": 1, "\u00a1Delivery!": 1, "-2": None, "+1": None, "De": None,
    "2?": 1, "2.5": None, "2 2": None, "II": None, "billing delivery": None, " \n": None, "...": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "place"), ANSWERS.items())
def test_an_answer_means_one_choice_or_none(text: str, place: int | None) -> None:
    assert _place(text, MENU) == place


@pytest.mark.parametrize(
    ("titles", "answers"),
    [
        (["10", "20", "30"], {"20": 1, "B": 1, "(c)": 2, "b) 20": 1, "b 10": None, "2": None, "\u0662\u0660": 1}),
        (["10", "A"], {"10": 0, "a": 1, "1": None, "B": None}),
        (["3", "2", "1"], {"3": 0, "1": 2, "A": 0, "C.": 2}),
        ([f"Item {letter}" for letter in "abcdefghijkl"], {"\U0001f51f": 9, "12": 11, "item": None, "13": None}),
        (["1", "2", "3"], {"1": 0, "3": 2, "4": None, "A": None}),
        (["1. Hindi", "2. English"], {"2": 1, "hindi": None, "2. english": 1}),
        (["2 Hindi", "1 English"], {"2": 0, "1.": 1, "english": None}),
        (["0. Back", "1. Go on"], {"0": 0, "1": 1, "2": None}),
        (["1\ufe0f\u20e3 Pay", "2\ufe0f\u20e3 Ask"], {"1": 0, "2\ufe0f\u20e3": 1}),
        (["Yes!", "Yes?"], {"Yes?": 1, "yes": None, "1": 0}),
        (["Yes", "Yes"], {"Yes": 0, "2": 1}),
        (["\u00a12!", "x"], {"2": 0, "B": 1}),
        (["\U0001f44d", "\u2764\ufe0f"], {"\u2764": 1, "\U0001f44d": 0, "1": 0}),
        (["...", "!"], {"!": 1, "1": 0, "?": None}),
        ([], {"1": None}),
    ],
)  # fmt: skip
def test_titles_that_are_numbers_or_alike(titles: list[str], answers: dict[str, int | None]) -> None:
    assert {text: _place(text, titles) for text in answers} == answers


@pytest.mark.parametrize(
    ("titles", "shown"),
    [
        (MENU, ["1.", "2.", "3."]),
        (["10", "20", "30"], ["A)", "B)", "C)"]),
        (["3", "2", "1"], ["A)", "B)", "C)"]),
        (["10", "A"], ["", ""]),
        (["1", "2", "3"], ["", "", ""]),
        (["1. Hindi", "2. English"], ["", ""]),
        (["1. Hindi", "1. English"], ["1.", "2."]),
        (["9:00", "9:15"], ["1.", "2."]),
        ([str(100 + n) for n in range(28)], [*(f"{one})" for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "AA)", "AB)"]),
    ],
)
def test_choices_in_text_are_named_so_that_no_title_is_mistaken(titles: list[str], shown: list[str]) -> None:
    assert labels(titles) == shown


_TITLE = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
    st.from_regex(r"\A(#|Option |\()?[0-9\u0660-\u0669\u2460-\u2469]{1,2}[.):!]?( [A-Za-z]{1,3})?\Z"),
    st.sampled_from(["A", "b)", "yes", "Yes!", "\U0001f51f", "\u2122", "1\ufe0f\u20e3", "ok"]),
).filter(str.strip)


@given(st.lists(_TITLE, min_size=1, max_size=30, unique_by=str.strip), st.sampled_from(channels.KINDS))
def test_every_choice_is_chosen_by_its_label_and_its_title_on_every_channel(titles: list[str], kind: str) -> None:
    content = Content(
        "buttons", "?", details={"buttons": [{"title": one, "payload": f"p{n}"} for n, one in enumerate(titles)]}
    )
    kept = offer(content, seq=1, at=0, most_bytes=None)
    named = labels(titles)
    lines = adapted(content, frozenset({"text"})).text.split("\n")[1:]
    for place, title in enumerate(titles):
        answers = [title, named[place]] if named[place] else [title]
        if named[0] == "1.":
            answers.append(str(place + 1))
            assert named[place] == f"{place + 1}."
        for text in answers:
            said = answered(Content(text=text), kept, at=1)
            assert said is not None and said.details["payload"] == f"p{place}", (kind, text)
            assert (said.type, said.text) == ("postback", text)
        assert not named[place] or f"{named[place]} {title}" in "\n".join(lines)


def test_what_was_offered_is_kept_small_and_for_a_day() -> None:
    many = Content("list", details={"sections": [{"rows": [{"id": "i" * 50, "title": f"t{n}"} for n in range(60)]}]})
    assert offer(many, seq=4, at=9) == {"seq": 4, "at": 9}
    assert asked_of(Content(text="3"), offer(many, seq=4, at=9), at=10) == 4
    few = offer(_buttons("Yes", "No"), seq=5, at=9)
    assert few == {"seq": 5, "at": 9, "choices": [["Yes", "yes"], ["No", "no"]]}
    assert asked_of(Content(text="3"), few, at=10) == 0
    assert answered(Content(text="1"), few, at=9 + HELD_S * 1000) is not None
    assert answered(Content(text="1"), few, at=10 + HELD_S * 1000) is None
    assert offer(Content(text="1. Yes"), seq=5, at=9) == offer(_buttons(), seq=5, at=9) == {}
    assert len(str(few)) < MOST_BYTES


def test_a_thread_without_an_offer_and_one_with_survive_being_stored() -> None:
    thread = Thread("th_1", "sv_1", "ch_1", "custom", "ada", offered=offer(_buttons("Yes", "No"), seq=5, at=9))
    assert (
        with_state(Thread("th_1", "sv_1", "ch_1", "custom", "ada"), changing(thread), event="").offered
        == thread.offered
    )
    assert Thread.of(thread.plain()) == thread
    assert Thread.of(replace(thread, offered={}).plain()).offered == {}


def test_an_ordinal_stands_for_a_payload_of_its_own_message_alone() -> None:
    kept = offer(_buttons("Yes", "No"), seq=5, at=9)
    for payload in (ordinal(2), ordinal(2, 5), "no"):
        said = answered(_press(payload), kept, at=10)
        assert said == Content("postback", "No", details={"payload": "no", "title": "No"}), payload
    for payload in (ordinal(3), ordinal(2, 4), "maybe", "#", ""):
        assert answered(_press(payload), kept, at=10) is None
    assert asked_of(_press(ordinal(2, 4)), kept, at=10) == 4
    assert asked_of(_press(ordinal(2, 5)), kept, at=10) == asked_of(_press("no"), kept, at=10) == 0
    assert asked_of(_press(ordinal(2)), {}, at=10) == 0


def _press(payload: str) -> Content:
    return Content("postback", details={"payload": payload})


def _place(text: str, titles: list[str]) -> int | None:
    offered = [{"title": title, "payload": str(place)} for place, title in enumerate(titles)]
    found = chosen(text, offered)
    return int(found["payload"]) if found else None


def _buttons(*titles: str) -> Content:
    content = Content("buttons", details={"buttons": [{"title": one, "payload": one.lower()} for one in titles]})
    assert [one["title"] for one in choices(content)] == [*titles]
    return content
