"""The web chat widget in a real browser, against a small server that reads with the real adapter."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest

from chalicelib.channels.contract import Channel
from chalicelib.channels.webchat import pages
from tests.channels.shop import EXAMPLES, Chrome, Keys, Site, Widget, eventually, is_shown, opened

pytestmark = pytest.mark.xdist_group("browser")


def test_a_visitor_writes_and_reads_the_answer(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    assert browser.title == "Help & more"
    assert widget.one(".greeting").text == "Hello! How can we help?"
    widget.write("Where is <i>my</i> parcel?")
    widget.one("[data-state=sent]")
    site.say("On its way")
    eventually(lambda: widget.bubbles() == ["Where is <i>my</i> parcel?", "On its way"])
    eventually(lambda: site.reads == [site.messages[1]["id"]])


def test_the_history_is_there_after_a_reload_and_nothing_twice(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("One")
    eventually(lambda: site.messages)
    site.say("Two")
    eventually(lambda: len(widget.bubbles()) == 2)
    widget.write("Three")
    eventually(lambda: len(site.messages) == 3)
    widget = opened(browser, base)
    eventually(lambda: len(widget.bubbles()) >= 3)
    time.sleep(0.5)
    assert widget.bubbles() == ["One", "Two", "Three"]
    assert len({post["session"] for post in site.posts}) == 1


def test_messages_keep_their_order_and_go_out_once_each(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    for word in ("a", "b", "c", "d"):
        widget.write(word)
    eventually(lambda: len(site.messages) == 4)
    time.sleep(0.5)
    assert [message["text"] for message in site.messages] == widget.bubbles() == ["a", "b", "c", "d"]


def test_a_broken_server_is_asked_again_with_the_same_id(browser: Chrome, site: Site, base: str) -> None:
    site.trouble = [503]
    widget = opened(browser, base)
    widget.write("Hello?")
    widget.one("[data-state=sent]")
    first, second = [post for post in site.posts if "text" in post]
    assert first == second
    assert first["id"]


def test_a_refused_message_can_be_tried_again_by_hand(browser: Chrome, site: Site, base: str) -> None:
    site.trouble = [403]
    widget = opened(browser, base)
    widget.write("Hello?")
    widget.one("[data-state=failed] .state button").click()
    widget.one("[data-state=sent]")
    assert len(site.messages) == 1


def test_a_button_sends_its_payload_and_shows_its_title(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    site.say("Shall we?", type="buttons", content={"buttons": [{"title": "Yes, please", "payload": "yes"}]})
    widget.one(".choices button").click()
    eventually(lambda: len(site.messages) == 3)
    post = next(post for post in site.posts if "postback" in post)
    assert (post["postback"], post["text"]) == ("yes", "Yes, please")
    assert widget.bubbles()[-1] == "Yes, please"


def test_embedded_under_a_strict_policy_it_opens_closes_and_counts(browser: Chrome, site: Site, base: str) -> None:
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    launcher = widget.one(".launcher")
    assert launcher.value_of_css_property("position") == "fixed", "the style sheet is in force"
    assert not widget.one(".panel").is_displayed()
    launcher.click()
    assert widget.one(".panel").is_displayed()
    assert launcher.get_attribute("aria-expanded") == "true"
    widget.write("Hi")
    eventually(lambda: site.messages)
    widget.one("textarea").send_keys(Keys.ESCAPE)
    assert not widget.one(".panel").is_displayed()
    assert "launcher" in widget.focused()
    site.say("Are you there?")
    eventually(lambda: widget.one(".badge").text == "1")
    assert launcher.get_attribute("aria-label") == "Open chat, 1 unread"
    assert not site.reads
    launcher.click()
    eventually(lambda: site.reads)
    assert not widget.one(".badge").is_displayed()


def test_it_can_be_used_without_seeing_it(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    log = widget.one(".log")
    assert (log.aria_role, log.get_attribute("aria-live")) == ("log", "polite")
    assert widget.one("textarea").accessible_name == "Message"
    assert widget.one(".write [type=submit]").accessible_name == "Send"
    # The accent is a light yellow: its text has to be dark to be read.
    assert widget.one(".head h2").value_of_css_property("color") in ("rgba(0, 0, 0, 1)", "rgb(0, 0, 0)")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_shows_every_kind_of_message(browser: Chrome, site: Site, base: str, path: Path) -> None:
    example = json.loads(path.read_text())
    browser.execute_script("localStorage.setItem('parley:chn_1:session', 'T'.repeat(43))")
    site.messages = example["call"]["messages"]
    widget = opened(browser, base)
    for wanted in example["gives"]["shown"]:
        if wanted.startswith((".", "a[", "audio[", "video[")):
            widget.one(wanted)
        else:
            eventually(partial(is_shown, widget, wanted))
    assert not widget.all("a[href^='javascript'], .bubble b, .bubble script")


def test_what_the_owner_set_cannot_break_out_of_the_script_or_the_page() -> None:
    nasty = {"title": '</script><script>alert(1)</script>"', "labels": {"send": "\u2028'\\"}}
    channel = Channel("chn_1", nasty, {})
    assert "</script>" not in pages.widget_js(channel)
    assert pages.chat_page(channel, "widget.js").count("<script") == 1
