"""The widget and its socket: while it tells nobody asks, and whatever becomes of it nothing is lost or shown twice."""

from __future__ import annotations

import pytest

from tests.channels.shop import Chrome, Site, Widget, eventually, offline, opened
from tests.channels.test_widget_polling import Clock

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def live(site: Site, base: str) -> Site:
    site.live_url = f"ws{base.removeprefix('http')}/live"
    return site


def test_what_is_said_comes_by_the_socket_and_nobody_asks(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    live.say("Hello")
    eventually(lambda: widget.bubbles() == ["Hi", "Hello"] and live.reads == ["msg_2"])
    live.say("one")
    live.say("", "in", type="event", content={"name": "handover_accepted", "agent": {"name": "Ana"}})
    live.say("two")
    eventually(
        lambda: widget.bubbles() == ["Hi", "Hello", "one", "two"] and "Ana has joined" in widget.one(".log").text
    )
    assert live.polls == []
    browser.refresh()
    widget = Widget(browser)
    eventually(lambda: widget.bubbles() == ["Hi", "Hello", "one", "two"] and live.sockets)
    live.say("three")
    eventually(lambda: widget.bubbles()[-1] == "three")
    assert {poll.include for poll in live.polls} == {"all,events"}, "the history alone is asked for"


def test_a_socket_that_breaks_is_opened_again_where_it_was(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    live.say("one")
    eventually(lambda: widget.bubbles() == ["Hi", "one"])
    live.silent = True
    live.sockets[0].close()
    eventually(lambda: not live.sockets)
    live.say("two")
    live.silent = False
    eventually(lambda: widget.bubbles() == ["Hi", "one", "two"], within_s=12)
    eventually(lambda: live.sockets, within_s=12)
    live.say("three")
    eventually(lambda: widget.bubbles() == ["Hi", "one", "two", "three"])
    assert int(live.asked[-1]) >= 2, "from its cursor on"


def test_a_gap_is_asked_for_once(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    live.silent = True
    live.say("one")
    live.silent = False
    live.say("two")
    eventually(lambda: widget.bubbles() == ["Hi", "one", "two"])
    eventually(lambda: live.polls and live.polls[-1].after == "3")
    assert {(poll.wait_s, poll.include) for poll in live.polls} == {(0, "all,events")}
    asked = len(live.polls)
    live.sockets[0].send({"type": "more", "after": "3"})
    eventually(lambda: len(live.polls) > asked)
    live.say("three")
    eventually(lambda: widget.bubbles() == ["Hi", "one", "two", "three"])
    assert len(live.asked) == 1, "the socket stays"


def test_without_a_socket_it_asks_as_ever_and_tries_seldom(browser: Chrome, live: Site, base: str) -> None:
    live.refuses = True
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: live.polls and live.polls[-1].wait_s == 0 and clock.rests(1, 1))
    live.say("one")
    clock.later(2)
    eventually(lambda: widget.bubbles() == ["Hi", "one"])
    eventually(lambda: live.polls[-1].wait_s > 0)
    live.say("two")
    eventually(lambda: widget.bubbles() == ["Hi", "one", "two"])
    live.refuses = False
    clock.later(21)
    eventually(lambda: clock.rests(2, 3))
    clock.later(3)
    eventually(lambda: clock.rests(2, 3))
    assert live.asked == [], "it was refused twice"
    clock.later(361)
    eventually(lambda: live.sockets)
    asked = len(live.polls)
    live.say("three")
    eventually(lambda: widget.bubbles()[-1] == "three")
    assert len(live.polls) == asked


def test_it_pings_and_opens_another_before_the_gateway_ends_it(browser: Chrome, live: Site, base: str) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    eventually(lambda: clock.rests(480, 480))
    clock.later(481)
    eventually(lambda: live.frames == [{"type": "ping"}])
    eventually(lambda: clock.rests(480, 480))
    clock.later(6301)
    eventually(lambda: len(live.asked) == 2 and len(live.sockets) == 1)
    live.say("one")
    eventually(lambda: widget.bubbles() == ["Hi", "one"])
    assert live.polls == []


def test_a_socket_that_does_not_answer_or_is_not_known_is_left(browser: Chrome, live: Site, base: str) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"] and clock.rests(480, 480))
    live.known = False
    clock.later(481)
    eventually(lambda: len(live.asked) == 2)
    live.known = True
    eventually(lambda: clock.rests(480, 480))
    live.silent, live.known = True, False
    widget.write("Are you there?")
    eventually(lambda: len(live.messages) == 2 and widget.states() == ["sent", "sent"])
    live.say("Yes")
    live.silent = False
    assert "Yes" not in widget.bubbles()
    clock.later(9)
    eventually(lambda: len(live.asked) == 3 and widget.bubbles() == ["Hi", "Are you there?", "Yes"])


def test_what_the_visitor_says_is_no_gap_and_what_is_missed_is_one(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("one")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    widget.write("two")
    widget.write("three")
    eventually(lambda: widget.states() == ["sent"] * 3)
    live.say("I see")
    eventually(lambda: widget.bubbles()[-1] == "I see")
    assert live.polls == []
    live.silent = True
    live.say("missed")
    live.silent = False
    live.say("and more")
    eventually(lambda: widget.bubbles()[-2:] == ["missed", "and more"] and len(live.polls) > 0)
    assert len(live.asked) == 1


def test_back_in_the_network_it_is_back_at_once(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    with offline(browser):
        live.say("one")
    eventually(lambda: widget.bubbles() == ["Hi", "one"] and len(live.asked) == 2, within_s=3)


def test_who_types_is_told_both_ways(browser: Chrome, live: Site, base: str) -> None:
    widget, clock = opened(browser, base), Clock(browser)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    live.say("Hello", author={"kind": "agent", "id": "7", "name": "Ana"})
    eventually(lambda: len(widget.bubbles()) == 2)
    live.sockets[0].send({"type": "state", "owner": "desk", "typing": {"name": "Ana"}})
    dots = widget.one(".dots")
    eventually(lambda: dots.is_displayed() and dots.get_attribute("aria-label") == "Ana is writing")
    clock.later(7)
    eventually(lambda: not dots.is_displayed())
    live.sockets[0].send({"type": "state", "owner": "desk", "typing": {"name": None}})
    eventually(lambda: dots.get_attribute("aria-label") == "Agent is writing")
    live.say("Well?", author={"kind": "agent", "id": "7", "name": "Ana"})
    eventually(lambda: not dots.is_displayed())
    widget.one("textarea").send_keys("Well, I")
    eventually(lambda: {"type": "typing"} in live.frames)
    assert live.frames.count({"type": "typing"}) == 1
    clock.later(3)
    widget.one("textarea").send_keys(" am")
    eventually(lambda: live.frames.count({"type": "typing"}) == 2)


def test_a_hidden_window_keeps_its_socket(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    browser.execute_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    live.say("one")
    eventually(lambda: browser.title.startswith("(1) ") and widget.bubbles() == ["Hi", "one"])
    browser.execute_script("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'));")
    eventually(lambda: {"type": "ping"} in live.frames and live.reads == ["msg_2"])
    assert (live.polls, len(live.asked)) == ([], 1)


def test_each_window_has_its_socket(browser: Chrome, live: Site, base: str) -> None:
    first = opened(browser, base)
    first.write("Hi")
    eventually(lambda: live.sockets and first.states() == ["sent"])
    one = browser.current_window_handle
    browser.switch_to.new_window("window")
    second = opened(browser, base)
    eventually(lambda: len(live.sockets) == 2 and second.bubbles() == ["Hi"])
    second.write("from here")
    eventually(lambda: second.states() == ["sent", "sent"])
    live.say("Hello")
    eventually(lambda: second.bubbles() == ["Hi", "from here", "Hello"])
    browser.close()
    browser.switch_to.window(one)
    eventually(lambda: first.bubbles() == ["Hi", "from here", "Hello"] and first.states() == ["sent", "sent"])


def test_a_closed_chat_opens_none(browser: Chrome, live: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    eventually(lambda: live.sockets and widget.states() == ["sent"])
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    eventually(lambda: live.polls and not live.sockets)
    assert len(live.asked) == 1
    widget.one(".launcher").click()
    eventually(lambda: live.sockets and widget.bubbles() == ["Hi"])
    widget.one(".shut").click()
    live.say("Hello")
    eventually(lambda: widget.one(".badge").text == "1")
    browser.back()
    eventually(lambda: Widget(browser).bubbles() == ["Hi", "Hello"] and len(live.sockets) == 1)
