"""The console by keyboard alone, and what it says where there is nothing, where it takes long, and where it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.browsers import patiently, severe
from tests.stack.conftest import eventually
from tests.stack.test_console import Console, Office, office, seat  # noqa: F401 (fixtures)

from selenium.webdriver import ActionChains, Keys  # isort: skip

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("pages")]

FOCUS = """const one = document.activeElement, style = getComputedStyle(one);
const text = (one.getAttribute("aria-label") || one.innerText || "").trim();
return {tag: one.tagName, text, href: one.getAttribute("href"),
  seen: one.matches(":focus-visible") && parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none",
  dialog: Boolean(one.closest("dialog"))}"""

CLIPPED = "return [...document.querySelectorAll('.route .clip')].map((one) => one.scrollWidth > one.clientWidth)"
"""Of what stands under messages, what has not all of its letters."""
EDGE = "return getComputedStyle(document.querySelector('.compose')).borderColor"


def focus(console: Console) -> dict[str, Any]:
    """What has the focus: which element, what it says, whether that is to be seen, whether it is within a dialog."""
    found: dict[str, Any] = console.browser.execute_script(FOCUS)
    return found


def types(console: Console, text: str, *, note: bool = False) -> None:
    """Reach the composer by its key, write, send, and leave it."""
    eventually(patiently(lambda: console.browser.find_element("css selector", ".compose textarea")), "the composer")
    without = console.browser.execute_script(EDGE)
    console.press("n" if note else "r")
    eventually(patiently(lambda: focus(console)["tag"] == "TEXTAREA"), "the composer has the focus")
    assert console.browser.execute_script(EDGE) != without, "and that is to be seen"
    console.press(text)
    ActionChains(console.browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    console.leave()


def asks(console: Console, key: str, title: str) -> None:
    """A deed that asks first: its dialog has the focus, Escape gives it back to where it was, and it opens again."""
    console.press(Keys.TAB)
    before = focus(console)
    assert before["seen"] and not before["dialog"]
    for ends in (True, False):
        console.press(key)
        console.sees(title)
        eventually(patiently(lambda: focus(console)["dialog"]), f"the focus is in {title!r}")
        if ends:
            console.press(Keys.ESCAPE)
            eventually(patiently(lambda: focus(console) == before), f"the focus is back, {before}")


def chosen(console: Console, text: str) -> None:
    """Go on by Tab to what has this text, and press Enter."""
    for _ in range(20):
        if text in focus(console)["text"]:
            assert focus(console)["seen"]
            return console.press(Keys.ENTER)
        console.press(Keys.TAB)
    raise AssertionError(f"no {text!r} by Tab")


def test_a_day_without_a_mouse(office: Office, seat: Callable[[str], Console]) -> None:  # noqa: F811
    """Claim, answer, note, put aside, hand to another desk, close with an outcome, next."""
    back = office.platform.make("desks", service_id=office.service, kind="console", name="Back office")["id"]
    waiting = [office.handed_over() for _ in range(3)]
    kim = seat("Kim")

    kim.sees("Visitor")
    kim.press("c")
    kim.sees("You have it")
    types(kim, "Hi")
    assert waiting[0][0].sees("Hi")["author"]["name"] == "Kim"
    told = eventually(patiently(lambda: kim.browser.execute_script(CLIPPED)), "how it went")
    assert not any(told), "under a short message there is room for all of it"
    types(kim, "keep an eye on it", note=True)
    kim.sees("Note · You")

    asks(kim, "s", "Snooze")
    chosen(kim, "hour")
    kim.no_longer_sees("Note · You")

    kim.press("c")
    kim.sees("You have it")
    asks(kim, "t", "Back office")
    chosen(kim, "Back office")
    queue = f"/v1/inbox?service_id={office.service}&desk_id={back}&list=queue"
    (moved,) = eventually(lambda: office.platform.get(queue)["data"], "it waits at the other desk")
    assert moved["thread_id"] == waiting[1][1].replace("cv_", "th_").rpartition("_")[0]

    kim.press("c")
    kim.sees("You have it")
    left = {moved["conversation_id"], waiting[2][1]}
    closing = next(one for one in left if one in kim.browser.current_url)
    asks(kim, "e", "How did it end?")
    kim.press(Keys.DOWN, Keys.ENTER)
    kim.sees("Closed.")
    ended = f"/v1/conversations/{closing}"
    assert eventually(lambda: office.platform.get(ended).get("outcome"), "it has ended") == "passed_on"

    # Behind the last of a list there is no next; what is closed leaves it a moment after the page said so.
    listed = f"return document.querySelector(`.ilist [data-row='{closing}']`)"
    eventually(patiently(lambda: not kim.browser.execute_script(listed)), "what is closed has left the list")
    kim.press("j")
    (after,) = left - {closing}
    eventually(lambda: after in kim.browser.current_url, "the next one is open")
    assert "keep an eye on it" not in waiting[0][0].texts()
    assert not severe(kim.browser)


def test_what_was_put_aside_comes_back(office: Office, seat: Callable[[str], Console]) -> None:  # noqa: F811
    _, conversation = office.handed_over()
    lou = seat("Lou")
    lou.open(conversation)
    lou.click(".compose .btn.main", "Claim")
    lou.sees("You have it")
    until = (datetime.now(UTC) + timedelta(seconds=4)).isoformat().replace("+00:00", "Z")
    body = {"type": "chat.snoozed", "until": until, "agent": {"id": "x", "name": "Lou"}}
    listed = f".ilist a[href*='{conversation}']"
    office.platform.call("POST", f"/v1/conversations/{conversation}/events", body)
    eventually(patiently(lambda: not lou.browser.find_elements("css selector", listed)), "it is put aside")
    eventually(patiently(lambda: lou.browser.find_elements("css selector", listed)), "it is back")


STRAINED = """
const asks = window.fetch.bind(window), now = Date.now.bind(Date);
const sooner = (run) => (deed, ms, ...more) => run.call(window, deed, ms >= 5000 ? ms / 20 : ms, ...more);
window.setTimeout = sooner(window.setTimeout);
window.setInterval = sooner(window.setInterval);
Date.now = () => now() + (window.later ?? 0);
window.WebSocket = function () { throw new Error("no sockets here"); };
window.asked = [];
window.failing = ["/v1/setup?"];  // what is asked next and has one of these in its address fails once
window.down = window.slow = "";  // what has this in its address fails, or is not answered
window.lost = "";  // what is sent there is done, and its answer comes once it is let go
window.answered = [];
window.fetch = async (address, given) => {
  const path = String(address), fails = window.failing.findIndex((part) => path.includes(part));
  window.asked.push(path);
  if (fails >= 0) window.failing.splice(fails, 1);
  if (fails >= 0 || (window.down && path.includes(window.down))) throw new TypeError("Failed to fetch");
  if (window.slow && path.includes(window.slow)) return new Promise(() => {});
  const answer = await asks(address, given);
  window.answered.push(`${given?.method} ${path}`);
  const lost = window.lost && given?.method !== "GET" && path.includes(window.lost);
  if (lost) await new Promise((on) => { window.go = on; });
  if (!path.includes("/timeline?")) return answer;
  return Response.json({...(await answer.json()), next_cursor: path.includes("cursor=") ? null : "more"});
};
"""
"""A page whose clock can be put forward, whose long waits are short, and whose network does as it is told and has no
sockets."""


def test_what_fails_or_takes_long_is_said_and_loses_nothing(office: Office, seat: Callable[..., Console]) -> None:  # noqa: F811
    (visitor, first), (_, second) = (office.handed_over() for _ in range(2))
    conversations = [first, second]
    pat = seat("Pat", "admin")
    run, base = pat.browser.execute_script, office.platform.up.console_url
    pat.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": STRAINED})
    pat.browser.get("about:blank")
    pat.browser.get(f"{base}#/{office.service}/inbox/{conversations[0]}")

    # What of the set-up could not be read is read again: who may answer is not kept from it.
    pat.sees("Claim this conversation")
    assert run("return window.failing.length") == 0

    # One flick reads what is earlier once.
    earlier = "return window.asked.filter((one) => one.includes('cursor=more')).length"
    run("window.slow = 'cursor=more'")
    scrolled = "document.querySelector('.stream').dispatchEvent(new Event('scroll'))"
    flick = f"for (let n = 0; n < 5; n++) {scrolled}"
    run(flick)
    eventually(lambda: run(earlier), "what is earlier is asked for")
    run(f"{flick}; window.slow = ''")
    assert run(earlier) == 1

    # A key that is held down claims one.
    pat.browser.get(f"{base}#/{office.service}/inbox")
    pat.sees("Claim next")
    press = "dispatchEvent(new KeyboardEvent('keydown', {key: 'c', bubbles: true, repeat: %s}))"
    run(f"document.body.{press % 'false'}; for (let n = 0; n < 5; n++) document.body.{press % 'true'}")
    pat.sees("You have it")
    assert run("return window.asked.filter((one) => one.endsWith('/claim')).length") == 1

    # Nobody knows whether it went, so that is said; sent again it is said once.
    if first not in pat.browser.current_url:
        pat.open(first)
        pat.click(".compose .btn.main", "Claim")
    run("window.lost = '/events'")
    pat.writes("Once and no more")
    visitor.sees("Once and no more")
    pat.browser.refresh()
    pat.sees("Cut off while it was sent.")
    pat.click(".unsent button", "Try again")
    pat.no_longer_sees("Cut off while it was sent.")
    eventually(patiently(lambda: pat.said().count("Once and no more") == 1), "it stands there once")
    assert visitor.texts().count("Once and no more") == 1

    # What one saves oneself is heard of before its answer is there: that is nobody else's change.
    desk = f"/v1/desks/{office.desk}"
    pat.browser.get(f"{base}#/{office.service}/desks/{office.desk}")
    pat.types("#f-name", " of ours")
    run("window.lost = arguments[0]; window.answered = []", desk)
    pat.click("form .btn.main", "Save")
    heard = "return window.answered.some((one) => one.startsWith('GET') && one.endsWith(arguments[0]))"
    eventually(lambda: run(f"return window.go && ({heard.removeprefix('return ')})", desk), "the page has heard of it")
    run("window.lost = ''; window.go()")
    pat.sees("Saved.")
    assert "changed this" not in pat.text()

    # Filtered to nothing; and so long that it has to be said.
    pat.browser.get(f"{base}#/{office.service}/inbox")
    pat.types(".ilist input[type=search]", "nobody of this name")
    pat.sees("Nothing loaded matches")
    run("window.slow = '/v1/deliveries?'")
    pat.browser.get(f"{base}#/{office.service}/deliveries")
    eventually(patiently(lambda: pat.browser.find_elements("css selector", "main .waiting[role=status]")), "it is read")
    run("window.slow = ''")

    # Rows that were read stay where they cannot be read again, and how old they are is said.
    pat.browser.get(f"{base}#/{office.service}/conversations")
    row = f".ilist a[href*='{conversations[0]}']"
    eventually(patiently(lambda: pat.browser.find_elements("css selector", row)), "the conversations")
    run("window.down = '/v1/'")
    pat.sees("The API cannot be reached.")
    # What was on its way is back, so that nothing is heard any more.
    run("window.later = 60_000")
    pat.sees("The API cannot be reached.", "Not live: what you see is")
    assert pat.browser.find_elements("css selector", row)
    run("window.down = ''; window.later = 0")
    pat.no_longer_sees("The API cannot be reached.")
    pat.no_longer_sees("Not live")

    # A part that cannot be had is said to be missing, in the page's own language.
    pat.blocks("*/palette.js")
    ActionChains(pat.browser).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    pat.sees("A part of this page could not be loaded. Try again.")
