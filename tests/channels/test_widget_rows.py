"""How the conversation is shown: who, when, what became of a message, who comes and goes, what was pressed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.shop import Chrome, Site, Widget, eventually, opened

pytestmark = pytest.mark.xdist_group("browser")

ANA = {"kind": "agent", "id": "7", "name": "Ana Kovač"}
BOT = {"kind": "bot", "id": "b", "name": "Robo"}


def noon(browser: Chrome, *, days: int, minutes: int = 0) -> str:
    """A time some minutes after noon, so many days ago by the browser's clock and zone, as the wire has it."""
    script = """const [days, minutes] = arguments, at = new Date();
        at.setDate(at.getDate() - days); at.setHours(12, minutes, 0, 0); return at.toISOString()"""
    return str(browser.execute_script(script, days, minutes))


def happens(site: Site, name: str, **more: Any) -> None:
    """An event of the thread."""
    site.say("", "in", author={"kind": "system"}, type="event", content={"name": name} | more)


def shown(browser: Chrome, site: Site, base: str) -> Widget:
    """The chat of a visitor who has been there before."""
    browser.execute_script("localStorage['parley:chn_1:session'] = 'T'.repeat(43)")
    widget = opened(browser, base)
    eventually(lambda: len(widget.all(".row")) >= len(site.messages))
    return widget


def visible(widget: Widget, selector: str) -> list[str]:
    return [node.text for node in widget.all(selector) if node.is_displayed()]


def test_what_one_sender_says_in_a_row_stands_together(browser: Chrome, site: Site, base: str) -> None:
    for author, minutes in ((BOT, 0), (BOT, 1), (BOT, 20), (ANA, 21), (ANA, 22)):
        site.say("hm", author=author, sent_at=noon(browser, days=1, minutes=minutes), state="read")
    widget = shown(browser, site, base)
    assert visible(widget, ".who") == ["Robo", "Robo", "Ana Kovač"]
    faces = [face for face in widget.all(".row .face") if face.value_of_css_property("visibility") == "visible"]
    assert [face.text for face in faces] == ["R", "R", "AK"]
    assert len(visible(widget, ".row time")) == 3


def test_days_and_times_are_written_as_the_visitor_writes_them(browser: Chrome, site: Site, base: str) -> None:
    for days in (30, 1, 1):
        site.say("hm", sent_at=noon(browser, days=days), state="read")
    site.say("hm", sent_at=browser.execute_script("return new Date().toISOString()"), state="read")
    widget = shown(browser, site, base)
    days_shown = visible(widget, ".day")
    assert days_shown[1:] == ["Yesterday", "Today"]
    assert len(days_shown) == 3
    old, *_, new = widget.all(".row time")
    assert old.get_attribute("datetime") == site.messages[0]["sent_at"]
    assert old.text.startswith("12:00")
    assert new.text == "Just now"
    assert new.get_attribute("title")


def test_ticks_tell_what_became_of_a_message(browser: Chrome, site: Site, base: str) -> None:
    for minutes, state in ((0, "received"), (30, "read")):
        about: dict[str, Any] = {"author": {"kind": "user"}, "sent_at": noon(browser, days=1, minutes=minutes)}
        site.say("hm", "in", **about, state=state)
    widget = shown(browser, site, base)
    assert widget.states() == ["sent", "read"]
    assert [tick.accessible_name for tick in widget.all(".me .state svg")] == ["Sent", "Read"]


def test_it_says_who_comes_and_goes(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("A person, please")
    widget.one("[data-state=sent]")
    happens(site, "handover")
    eventually(lambda: visible(widget, ".line") == ["A person is coming"])
    assert widget.one(".present").text == "A person is coming"
    happens(site, "handover_accepted", agent={"name": "Ana Kovač"})
    eventually(lambda: visible(widget, ".line")[1:] == ["Ana Kovač has joined"])
    assert (widget.one(".head .face").text, widget.one(".present").text) == ("AK", "Ana Kovač")
    happens(site, "handover_ended", outcome="solved")
    eventually(lambda: visible(widget, ".line")[2:] == ["The conversation with Ana Kovač has ended"])
    assert not widget.one(".present").is_displayed()
    assert all("events" in poll.include.split(",") for poll in site.polls)


def test_dots_stand_between_a_message_and_the_answer_of_a_bot(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: widget.one(".dots").is_displayed())
    site.say("Hello", author=BOT)
    eventually(lambda: widget.bubbles() == ["Hi", "Hello"])
    assert not widget.one(".dots").is_displayed()
    happens(site, "handover_accepted", agent={"name": "Ana"})
    eventually(lambda: visible(widget, ".line"))
    widget.write("Ana?")
    eventually(lambda: widget.states() == ["sent", "sent"])
    assert not widget.one(".dots").is_displayed(), "nobody told that she types"


def test_link_buttons_lead_to_the_web_and_nowhere_else(browser: Chrome, site: Site, base: str) -> None:
    good, bad = "https://shop.example/a", ("javascript:alert(1)", "data:text/html,x", "/relative")
    site.say("See", type="buttons", state="read", content={"buttons": [{"title": "Go", "url": good}]
             + [{"title": "No", "url": url} for url in bad]})  # fmt: skip
    widget = shown(browser, site, base)
    (link,) = widget.all(".choices a")
    assert (link.get_attribute("href"), link.get_attribute("target")) == (good, "_blank")
    assert "noopener" in str(link.get_attribute("rel")).split()
    assert link.accessible_name == "Go (opens in a new window)"
    assert not widget.all(".choices button")


@pytest.mark.parametrize("kind", ["buttons", "list"])
def test_what_was_pressed_is_shown_as_used_also_after_a_reload(
    browser: Chrome, site: Site, base: str, kind: str
) -> None:
    entries = [("Yes", "yes"), ("No", "no")]
    content = {
        "buttons": {"buttons": [{"title": title, "payload": payload} for title, payload in entries]},
        "list": {"sections": [{"title": "Well?", "rows": [{"id": id, "title": title} for title, id in entries]}]},
    }[kind]
    site.say("Shall we?", type=kind, content=content, state="read")
    widget = shown(browser, site, base)
    widget.one(".choices button").click()
    assert [button.is_enabled() for button in widget.all(".choices button")] == [False, False]
    eventually(lambda: widget.states() == ["sent"])
    widget = opened(browser, base)
    eventually(lambda: widget.all(".choices button.used"))
    assert [button.text for button in widget.all(".choices button.used")] == ["Yes"]
    assert widget.one(".used").get_attribute("aria-pressed") == "true"
    assert [button.is_enabled() for button in widget.all(".choices button")] == [False, False]
    assert len([post for post in site.posts if "postback" in post]) == 1
