"""What a channel sends as text for what it cannot show, and how an answer to it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.channels import fallback
from chalicelib.channels.fallback import adapted, choices, chosen
from chalicelib.channels.limits import MEGABYTE, FileLimit, Limits, type_of
from chalicelib.domain.choosing import answered, offer
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


SMALL = Limits((), body=12, buttons=2, title=6, payload=5, rows=3, row_title=9, row_description=4, section_title=4)
BOTH = frozenset({"text", "buttons", "list"})


def asked(*titles: str, text: str = "Which?", links: Sequence[str] = (), payload: str = "") -> Content:
    buttons: list[dict[str, str]] = [{"title": one, "payload": payload or one.lower()} for one in titles]
    return Content("buttons", text, details={"buttons": [*buttons, *({"title": one, "url": URL} for one in links)]})


def listed(*titles: str, section: str = "", description: str = "") -> Content:
    rows = [{"id": one, "title": one, "description": description} for one in titles]
    return Content("list", "Which?", details={"button": "All", "sections": [{"title": section, "rows": rows}]})


URL = "https://a.example"


@pytest.mark.parametrize(
    ("content", "limits", "type"),
    [
        (asked("Yes", "No"), SMALL, "buttons"),
        (asked("Yes", "No", "Maybe"), SMALL, "list"),
        (asked("Yes", "No, no"), SMALL, "buttons"),
        (asked("Yes", "No, no!"), SMALL, "list"),
        (asked("Yes", "No, no, no!"), SMALL, "text"),
        (asked("a", "b", "c", "d"), SMALL, "text"),
        (asked("Yes", "Yes"), SMALL, "text"),
        (asked("Yes", "No", text="A question of a few words"), SMALL, "text"),
        (asked("Yes", links=["Page"]), SMALL, "buttons"),
        (asked("Yes", links=["Page"]), replace(SMALL, links_alone=True, body=40), "buttons"),
        (asked(links=["Page"]), replace(SMALL, links_alone=True), "buttons"),
        (asked(links=["Page", "More"]), replace(SMALL, links=1), "text"),
        (asked("Yes", "No", "So", links=["Page"]), replace(SMALL, links=0, body=40), "list"),
        (listed("One", "Two"), SMALL, "list"),
        (listed("One", "Two", section="Longer"), SMALL, "text"),
        (listed("One", "Two", description="Longer"), SMALL, "text"),
        (listed("One", "Two", "Three", "Four"), SMALL, "text"),
        (listed("A very long one"), SMALL, "text"),
        (Content("buttons", "Odd", details={"buttons": []}), SMALL, "text"),
    ],
)
def test_choices_are_shown_as_they_fit_and_never_cut(content: Content, limits: Limits, type: str) -> None:
    shown = adapted(content, BOTH, limits)
    assert shown.type == type
    assert adapted(shown, BOTH, limits) == shown, "adapted twice is once"
    said = f"{shown.text} {shown.details}"
    assert all(one["title"] in said for one in [*choices(content), *fallback.links(content)])
    assert URL in said or not fallback.links(content)


def test_payloads_that_the_provider_does_not_take_are_ordinals_of_their_message() -> None:
    long = asked("Yes", "No", payload="a long payload")
    assert [one["payload"] for one in choices(adapted(long, BOTH, SMALL, seq=17))] == ["#1:17", "#2:17"]
    mixed = asked("Yes", "No way")
    assert [one["payload"] for one in choices(adapted(mixed, BOTH, SMALL, seq=17))] == ["yes", "#2:17"]
    many = adapted(asked("a", "b", "c", payload="long payload"), BOTH, SMALL, seq=17)
    assert (many.type, [one["payload"] for one in choices(many)]) == ("list", ["#1:17", "#2:17", "#3:17"])
    # What is pressed comes back as the payload that it stands for.
    kept = offer(long, seq=17, at=1)
    pressed = answered(Content("postback", "No", details={"payload": "#2:17"}), kept, at=2)
    assert pressed is not None and pressed.details["payload"] == "a long payload"


@pytest.mark.parametrize(
    ("media", "type"),
    [
        (Media(f"{URL}/1.png"), "image"),
        (Media(f"{URL}/1.jpg", "image/jpg"), "image"),
        (Media(f"{URL}/1"), "image"),
        (Media(f"{URL}/1.webp"), "text"),
        (Media(f"{URL}/1.png", "image/tiff"), "text"),
        (Media(f"{URL}/1.png", "image/png", 6 * MEGABYTE), "text"),
    ],
)
def test_a_file_that_the_provider_does_not_take_is_a_link(media: Media, type: str) -> None:
    limits = Limits((FileLimit(("image/png", "image/jpeg"), 5 * MEGABYTE),))
    shown = adapted(Content("image", "Look", (media,)), frozenset({"text", "image"}), limits)
    assert (shown.type, media.url in shown.text) == (type, type == "text")


@pytest.mark.parametrize(
    ("item", "kind", "mime_type"),
    [
        (Media("https://x/a.png"), "image", "image/png"),
        (Media("https://x/a.png", "image/webp"), "image", "image/webp"),
        (Media("https://x/a.png", "application/octet-stream"), "file", "image/png"),
        (Media("https://x/get?id=7", name="a.csv"), "file", "text/csv"),
        (Media("https://x/get.php?file=/2026/invoice.pdf"), "file", "application/pdf"),
        (Media("https://x/get.php?id=7"), "file", ""),
        (Media("https://x/page.html"), "file", ""),
        (Media("https://x/render.html?to=a.png"), "image", "image/png"),
        (Media("https://x/cover.jpg?song=a.mp3"), "audio", "audio/mpeg"),
        (Media("https://x/cover.jpg"), "audio", ""),
        (Media("https://x/1", name="a.svg"), "image", "image/svg+xml"),
        (Media("http://[", "", 3), "image", ""),
        (Media("upload:abc", "image/png", 3, "a.png"), "image", "image/png"),
    ],
)
def test_what_type_a_file_is_of(item: Media, kind: str, mime_type: str) -> None:
    assert type_of(item, kind) == mime_type


def test_people_are_given_the_address_that_lasts() -> None:
    item = Media("https://bucket/1?signed", "image/x-odd", lasting="https://parley.example/media/ms_1/0")
    assert adapted(Content("image", "look", (item,)), frozenset({"text"})).text == f"look\n{item.lasting}"
