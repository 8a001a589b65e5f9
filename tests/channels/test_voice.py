"""Words of calls: what callers say for a number, in which language, and what is made of text that is read out."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels import voice_twilio
from chalicelib.channels.contract import Channel
from chalicelib.channels.phoning import Asked, ToSpeak
from chalicelib.channels.voice_twilio import places, twiml, words
from chalicelib.channels.voice_twilio.places import Place
from chalicelib.domain.message import Content
from tests.test_channels import CONTENTS

TABLES = json.loads(Path(words.__file__).with_name("words.json").read_text(encoding="utf-8"))
SAID = {
    "en": {
        "Two.": 2,
        "to": 2,
        "option two, please": 2,
        "the second one": 2,
        "press 3": 3,
        "number four": 4,
        "seven": 7,
    },
    "de": {"Zwei.": 2, "zwo bitte": 2, "die zweite": 2, "Nummer drei": 3, "zehn": 10},
    "hi": {"दो": 2, "विकल्प तीन": 3, "पहला": 1, "छः": 6, "पाँच": 5, "२": 2},
    "es": {"dos": 2, "la segunda": 2, "opción tres, por favor": 3, "uno": 1},
    "fr": {"deux": 2, "le troisième": 3, "numéro quatre, s'il vous plaît": 4},
    "sw": {"mbili": 2, "namba tatu": 3, "tafadhali nne": 4},
    "ta": {"two": 2},
}
NO_NUMBER = (
    "",
    "billing",
    "two pizzas",
    "I want two of them",
    "twenty two",
    "one two",
    "2 3",
    "٣ من",
    "\ud800",
    "1" * 40,
)


@pytest.mark.parametrize("language", SAID)
def test_numbers_that_are_spoken(language: str) -> None:
    for text, number in SAID[language].items():
        assert words.number(text, f"{language}-XX") == number, text


@pytest.mark.parametrize("text", NO_NUMBER)
def test_what_is_no_number(text: str) -> None:
    assert words.number(text, "en-GB") == 0


def test_every_language_has_all_words() -> None:
    for language, table in TABLES.items():
        assert table.keys() == TABLES["en"].keys(), language
        assert "{key}" in table["press"] and "{title}" in table["press"] and "{host}" in table["link"]
        assert {*table["numbers"].values()} >= {1, 2, 3, 4, 5}, language
        assert all(words.number(word, language) == number for word, number in table["numbers"].items()), language


def test_text_is_xml_whatever_it_is() -> None:
    text = "".join(map(chr, range(0x100))) + "\ud800\ufffe\U0001f600</Say><Hangup/>"
    read = ElementTree.fromstring(twiml.verb("Say", twiml.escaped(text), voice='a"b<c'))
    assert len(read) == 0 and read.get("voice") == 'a"b<c'
    assert (read.text or "").endswith("\U0001f600</Say><Hangup/>")


def test_a_place_is_read_as_it_was_told() -> None:
    place = Place(n=3, after=0, own="dlv_1&x=1", since=7, why="silence", leave=1)
    channel = Channel("ch_1", {}, {}, "https://x.example/channels/ch_1/webhook")
    address = places.webhook(channel, places.GATHER, place)
    assert places.read(dict(parse_qsl(address.partition("?")[2]))) == place
    assert places.read({"after": "-5", "n": "x", "since": "9" * 30, "waited": "٣"}) == Place()


HOOK = "https://x.example/channels/ch_1/webhook"
ENDS = {"Gather", "Redirect", "Hangup", "Dial", "Record"}
ROWS = [{"title": "<" * 900, "id": str(n)} for n in range(100)]
LONG = Content("list", "&" * 16_000, details={"sections": [{"rows": ROWS}]})


@settings(max_examples=12, deadline=None)
@given(
    said=st.lists(CONTENTS, max_size=3),
    place=st.builds(
        Place,
        n=st.integers(0, 3),
        after=st.integers(-1, 9),
        waited=st.integers(0, 700),
        why=st.sampled_from(["", "", "silence", "none"]),
        leave=st.integers(0, 1),
        dialled=st.integers(0, 1),
    ),
    with_people=st.booleans(),
    more=st.sampled_from([{}, {"transfer_to": "+4930555111"}, {"record": True, "language": "sw"}]),
)
def test_whatever_is_said_a_call_is_answered_and_ends_or_goes_on(
    said: list[Content], place: Place, with_people: bool, more: dict[str, object]
) -> None:
    channel = Channel("ch_1", {"from": "+4930555000"} | more, {}, HOOK)
    told = {name: str(getattr(place, name)) for name in Place.__slots__}
    asked = Asked("+4915112345678", place.after, waits=not place.why, waited_s=place.waited, told=told)
    new = list(enumerate(said[1:], 11))
    to_speak = ToSpeak(10, new, (10, said[0]) if said else None, with_people, place.waited)
    spoken = voice_twilio.spoken(asked, to_speak, channel)
    body = str(spoken.response.body)
    assert len(body.encode()) <= 64 * 1024 and [*ElementTree.fromstring(body)][-1].tag in ENDS
    assert (spoken.upto > 10) == bool(new), "what is new is spoken, or some of it"


def test_what_is_longer_than_a_document_is_cut() -> None:
    channel = Channel("ch_1", {"from": "+4930555000"}, {}, HOOK)
    spoken = voice_twilio.spoken(Asked("+4915112345678", 10), ToSpeak(10, [(11, LONG)]), channel)
    assert spoken.upto == 11 and len(str(spoken.response.body).encode()) <= 64 * 1024
