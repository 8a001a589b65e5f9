"""How often the widget asks: it waits at the server while people talk, and asks ever less after that."""

from __future__ import annotations

import pytest

from tests.channels.shop import Chrome, Site, Widget, eventually, opened

pytestmark = pytest.mark.xdist_group("browser")

CLOCK = """
let ahead = 0, count = 0; const now = Date.now, timer = setTimeout, stop = clearTimeout;
Date.now = () => now() + ahead;
window.waiting = new Map();
setTimeout = (done, ms) => ms < 900 ? timer(done, ms) : (waiting.set(`own${++count}`, { done, ms }), `own${count}`);
clearTimeout = (id) => waiting.delete(id) || stop(id);
const givesUp = (ms) => ms === 15000 || ms === 30000;
window.rests = () => [...waiting.values()].map(({ ms }) => ms).filter((ms) => !givesUp(ms));
window.later = (ms) => {
  ahead += ms;
  for (const [id, one] of [...waiting]) if (one.ms <= ms && !givesUp(one.ms)) { waiting.delete(id); one.done(); }
};
"""
"""The page's clock in the test's hands. After 15 and 30 s a call is given up; here none is."""


class Clock:
    """The page's clock: `rest` is for how long it means to do nothing."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser
        browser.execute_script(CLOCK)

    def rests(self, least: float, most: float) -> bool:
        return any(least <= rest / 1000 <= most for rest in self.browser.execute_script("return rests()"))

    def later(self, seconds: float) -> None:
        self.browser.execute_script("later(arguments[0] * 1000)", seconds)


def test_it_waits_while_people_talk_then_asks_ever_less(browser: Chrome, site: Site, base: str) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: site.polls and 0 < site.polls[-1].wait_s <= 20)
    clock.later(14)
    eventually(lambda: 0 < site.polls[-1].wait_s <= 6)
    clock.later(7)
    eventually(lambda: clock.rests(2, 3))
    clock.later(3)
    eventually(lambda: site.polls[-1].wait_s == 0 and clock.rests(2, 3))
    site.say("Still there?")
    clock.later(3)
    eventually(lambda: len(widget.bubbles()) == 2 and site.polls[-1].wait_s > 0)
    clock.later(301)
    eventually(lambda: clock.rests(24, 36))
    widget.write("Yes")
    eventually(lambda: site.polls[-1].wait_s > 0)


def test_a_hidden_window_does_not_ask(browser: Chrome, site: Site, base: str) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: site.polls and site.polls[-1].wait_s > 0)
    browser.execute_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    clock.later(21)
    eventually(lambda: clock.rests(2, 3))
    asked = len(site.polls)
    clock.later(3)
    assert not clock.rests(2, 3)
    browser.execute_script("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'));")
    eventually(lambda: len(site.polls) > asked)


@pytest.mark.parametrize("status", [429, 503])
def test_it_comes_no_earlier_than_told(browser: Chrome, site: Site, base: str, status: int) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    site.poll_trouble = [status]
    widget.write("Hi")
    eventually(lambda: clock.rests(2, 2.2))
    refused = len(site.polls)
    widget.write("Hello?")
    eventually(lambda: len(site.messages) == 2)
    assert len(site.polls) == refused
    clock.later(2.3)
    eventually(lambda: len(site.polls) > refused)


def test_a_page_on_which_nobody_opens_the_chat_asks_for_what_is_new(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    widget.one("[data-state=sent]")
    site.say("Hello")
    eventually(lambda: site.reads)
    eventually(lambda: browser.execute_script("return localStorage['parley:chn_1:after']") == "2")
    browser.get(f"{base}/nowhere")
    site.say("Are you there?")
    asked = len(site.polls)
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    eventually(lambda: widget.one(".badge").text == "1")
    assert (site.polls[asked].after, site.polls[asked].include) == ("2", "")
    widget.one(".launcher").click()
    eventually(lambda: widget.bubbles() == ["Hi", "Hello", "Are you there?"])
    eventually(lambda: len(site.reads) == 2)
