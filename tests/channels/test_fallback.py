"""What a channel sends as text for what it cannot show, and how an answer to it is read."""

from __future__ import annotations

import pytest

from chalicelib.channels.fallback import adapted, choices, chosen
from chalicelib.domain.message import Content, Media

TEXT_ONLY = frozenset({"send", "text"})
BUTTONS = Content("buttons", "Shall we?", details={"buttons": [{"title": "Yes", "payload": "y"}, {"title": "No"}]})
LIST = Content(
    "list",
    "When?",
    details={
        "sections": [
            {"title": "Tuesday", "rows": [{"id": "t9", "title": "9:00", "description": "Dr Ada"}]},
            {"title": "Wednesday", "rows": [{"id": "w9", "title": "9:15"}]},
        ]
    },
)
PLACE = Content("location", details={"latitude": 52.52, "longitude": 13.405, "name": "Office", "address": "Alex 1"})
PERSON = Content(
    "contact", "Ask her", details={"contacts": [{"name": "Ada", "phones": ["+4930"], "emails": ["a@b.c"]}]}
)
FILE = Content("image", "Look", (Media("https://files.example/1.png"), Media("https://files.example/2.png")))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Content(text="Hi"), "Hi"),
        (BUTTONS, "Shall we?\n1. Yes\n2. No"),
        (LIST, "When?\nTuesday\n1. 9:00 - Dr Ada\nWednesday\n2. 9:15"),
        (PLACE, "Office\nAlex 1\nhttps://www.openstreetmap.org/?mlat=52.52&mlon=13.405"),
        (PERSON, "Ask her\nAda\n+4930\na@b.c"),
        (FILE, "Look\nhttps://files.example/1.png\nhttps://files.example/2.png"),
        (Content("template", details={"name": "hi", "parameters": ["Ada", 9]}), "Ada\n9"),
        (Content("postback", details={"payload": "again"}), "again"),
        (Content("event", details={"name": "typing"}), ""),
        (Content("buttons", "Odd", details={"buttons": "none"}), "Odd"),
    ],
)
def test_what_cannot_be_shown_is_said_in_text(content: Content, text: str) -> None:
    said = adapted(content, TEXT_ONLY)
    assert (said.type, said.text, said.media) == ("text", text, ())


def test_what_can_be_shown_stays_as_it_is() -> None:
    assert adapted(BUTTONS, frozenset({"buttons"})) is BUTTONS


def test_what_belongs_to_the_message_and_not_to_its_form_is_kept() -> None:
    content = Content("buttons", "Odd", details={"buttons": [], "params": {"a": 1}, "in_reply_to": "m1"})
    assert adapted(content, TEXT_ONLY).details == {"params": {"a": 1}, "in_reply_to": "m1"}


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("1", "y"),
        (" 2. ", "No"),
        ("1)", "y"),
        ("YES", "y"),
        ("no ", "No"),
        ("3", None),
        ("0", None),
        ("maybe", None),
        ("", None),
    ],
)
def test_an_answer_means_the_choice_it_names(text: str, payload: str | None) -> None:
    choice = chosen(text, choices(BUTTONS))
    assert (choice or {}).get("payload") == payload
