"""What the visitor writes is kept until the server has it: offline, through a reload, in several windows, and once."""

from __future__ import annotations

import pytest

from tests.channels.shop import Chrome, Site, Widget, eventually, offline, opened

pytestmark = pytest.mark.xdist_group("browser")


def said(site: Site) -> list[str]:
    """What the visitor's messages in the thread are."""
    return [message["text"] for message in site.messages if message["direction"] == "in"]


def test_offline_it_waits_and_goes_out_in_order_when_the_network_is_back(
    browser: Chrome, site: Site, base: str
) -> None:
    widget = opened(browser, base)
    widget.write("one")
    widget.one("[data-state=sent]")
    with offline(browser):
        for word in ("two", "three", "four"):
            widget.write(word)
        eventually(lambda: widget.states() == ["sent", "waiting", "waiting", "waiting"])
        assert "No connection" in widget.one(".notice").text
        assert "Waiting for a connection" in widget.all(".state")[1].text
    eventually(lambda: widget.states() == ["sent"] * 4)
    eventually(lambda: not widget.one(".notice").is_displayed())
    assert said(site) == widget.bubbles() == ["one", "two", "three", "four"]
    assert len({post["id"] for post in site.posts if "text" in post}) == 4


def test_a_reload_loses_nothing_that_waits(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("one")
    widget.one("[data-state=sent]")
    # The server is away for the page's first tries, and for those after the reload.
    site.trouble = [503] * 2
    widget.write("two")
    widget.write("three")
    eventually(lambda: widget.states() == ["sent", "waiting", "waiting"])
    widget = opened(browser, base)
    eventually(lambda: widget.states() == ["sent"] * 3)
    assert said(site) == widget.bubbles() == ["one", "two", "three"]
    assert browser.execute_script("return Object.keys(localStorage).filter((key) => key.includes(':out:'))") == []


@pytest.mark.parametrize("page", ["/channels/chn_1/chat", "/shop"])
def test_what_waited_stands_after_the_history(browser: Chrome, site: Site, base: str, page: str) -> None:
    browser.execute_script(
        "localStorage['parley:chn_1:session'] = 'T'.repeat(43);"
        "localStorage['parley:chn_1:out:00000000001000:id_1'] = JSON.stringify(arguments[0])",
        {"id": "id_1", "at": 1000, "wanted": True, "body": {"text": "three"}, "text": "three"},
    )
    site.say("one", state="read")
    site.say("two", state="read")
    site.poll_trouble = [500]  # so that the message is there before the history
    browser.get(base + page)
    widget = Widget(browser)
    eventually(lambda: said(site) == ["three"])
    site.say("four", state="read")
    for launcher in widget.all(".launcher"):
        launcher.click()
    eventually(lambda: len(widget.bubbles()) == 4)
    assert widget.bubbles() == ["one", "two", "three", "four"]
    assert widget.states() == ["sent"]


def test_a_message_whose_answer_was_lost_is_one_message(browser: Chrome, site: Site, base: str) -> None:
    site.trouble = [-500]
    widget = opened(browser, base)
    widget.write("one")
    eventually(lambda: widget.states() == ["sent"])
    assert said(site) == widget.bubbles() == ["one"]
    assert len([post for post in site.posts if "text" in post]) >= 1


def test_long_after_a_lost_answer_it_looks_before_it_sends_again(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    site.trouble = [-503]
    widget.write("one")
    eventually(lambda: said(site))
    # A thread remembers for a while which ids it had: the page was asleep for longer.
    browser.execute_script(
        "for (const key of Object.keys(localStorage)) if (key.includes(':out:')) "
        "localStorage[key] = JSON.stringify({...JSON.parse(localStorage[key]), tried: 1});"
    )
    posts = len(site.posts)
    widget = opened(browser, base)
    eventually(lambda: widget.states() == ["sent"])
    assert len(site.posts) == posts
    assert widget.bubbles() == ["one"]


def test_it_is_found_also_where_nobody_opened_the_chat(browser: Chrome, site: Site, base: str) -> None:
    browser.execute_script(
        "localStorage['parley:chn_1:session'] = 'T'.repeat(43);"
        "localStorage['parley:chn_1:out:00000000001000:id_1'] = JSON.stringify(arguments[0])",
        {"id": "id_1", "at": 1000, "wanted": True, "tried": 1, "body": {"text": "one"}, "text": "one"},
    )
    site.say("one", "in", author={"kind": "user"}, client_id="id_1")
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    kept = "return Object.keys(localStorage).filter((key) => key.includes(':out:')).length"
    eventually(lambda: browser.execute_script(kept) == 0)
    widget.one(".launcher").click()
    eventually(lambda: widget.bubbles() == ["one"])
    assert not site.posts


def test_one_that_waited_for_days_is_sent_only_if_it_is_still_wanted(browser: Chrome, site: Site, base: str) -> None:
    old = '{"id": "id_1", "at": 1000, "body": {"text": "old"}, "text": "old"}'
    browser.execute_script("localStorage['parley:chn_1:out:00000000001000:id_1'] = arguments[0]", old)
    widget = opened(browser, base)
    eventually(lambda: widget.states() == ["failed"])
    assert not site.posts
    widget.one("[data-state=failed] .state button").click()
    eventually(lambda: said(site) == ["old"] and widget.states() == ["sent"])


def test_two_windows_show_the_same(browser: Chrome, site: Site, base: str) -> None:
    first = opened(browser, base)
    first.write("one")
    eventually(lambda: first.states() == ["sent"])
    here = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        second = opened(browser, base)
        eventually(lambda: second.bubbles() == ["one"])
        second.write("two")
        eventually(lambda: second.states() == ["sent", "sent"])
        site.say("three")
        eventually(lambda: second.bubbles() == ["one", "two", "three"])
    finally:
        browser.close()
        browser.switch_to.window(here)
    eventually(lambda: first.bubbles() == ["one", "two", "three"])
    eventually(lambda: first.states() == ["sent", "sent"])
    assert said(site) == ["one", "two"]


def test_the_reader_stays_where_they_are(browser: Chrome, site: Site, base: str) -> None:
    browser.execute_script("localStorage['parley:chn_1:session'] = 'T'.repeat(43)")
    for n in range(20):
        site.say(f"Line {n}", state="read")
    widget = opened(browser, base)
    eventually(lambda: len(widget.bubbles()) == 20)
    log = widget.one(".log")
    at_end = "const log = arguments[0]; return log.scrollHeight - log.scrollTop - log.clientHeight < 40"
    assert browser.execute_script(at_end, log)
    assert not widget.one(".pill").is_displayed()
    browser.execute_script("arguments[0].scrollTop = 50", log)
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    site.say("New")
    eventually(lambda: len(widget.bubbles()) == 21)
    eventually(lambda: widget.one(".pill").is_displayed())
    assert browser.execute_script("return arguments[0].scrollTop", log) == 50
    assert not site.reads, "it was not seen yet"
    widget.one(".pill").click()
    assert browser.execute_script(at_end, log)
    assert not widget.one(".pill").is_displayed()
    eventually(lambda: site.reads == ["msg_21"])


def test_storage_that_is_blocked_leaves_a_chat_that_works(browser: Chrome, site: Site, base: str) -> None:
    blocked = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": blocked})
    try:
        widget: Widget = opened(browser, base)
        widget.write("one")
        eventually(lambda: widget.states() == ["sent"])
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    assert said(site) == ["one"]
