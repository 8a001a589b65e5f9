"""The console in a real browser against the running platform, driven as a person drives it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.console import page
from infra import vendored
from tests.outside import Answer, Heard, Outside, serving
from tests.stack.browsers import Browsers, patiently, severe
from tests.stack.conftest import TOKEN, Platform, Visitor, eventually, first

from selenium.webdriver import ActionChains, Chrome, Keys  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("pages")]
WIDE = {"width": 1440, "height": 900}
AXE = vendored.Pinned(
    "axe-core", "4.14.1", "MPL-2.0",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    (("axe.js", "axe.min.js",
      "sha512-5j5ln5gG165b1AiZBDsIcaUGLFRCsBs/Gj7fXq9Qv1w6cQSnJGMpO0rRt3xmGg1OQOhQ3sid6dbs5wqME6mvFw=="),),
    (), "",
)  # fmt: skip
"""Checks of https://www.w3.org/TR/WCAG22/ that a program can make (https://github.com/dequelabs/axe-core)."""


def bot(heard: Heard) -> Answer:
    """Says what it was told, and hands over who asks for a human."""
    event = heard.json
    said = event.get("Message")
    conversation = {"conversation_id": event.get("Conversationid")}
    events: list[dict[str, Any]] = []
    if event.get("Event") == "Incoming message" and event.get("ConversationType") == "BOT":
        talk = {"eventid": "1001", "message": f"you said {said}"}
        events = [conversation | (talk if said != "human" else {"eventid": "1002"})]
    return 200, {"verification_token": TOKEN, "events": events}


WHATSAPP: dict[str, Any] = {
    "kind": "whatsapp",
    "name": "wa",
    "settings": {"phone_number_id": "1065", "api_base": "http://127.0.0.1:1"},
    "secrets": {"app_secret": "a", "access_token": "b", "verify_token": "c"},
}
"""A channel whose provider is not there."""


class Office:
    """A service with a web chat, a bot and a desk of the console, and people who sit there."""

    def __init__(self, platform: Platform, bot_end: Outside) -> None:
        self.platform, self.bot_end = platform, bot_end
        self.service = platform.service("office")
        self.channel = platform.make("channels", service_id=self.service, kind="webchat", name="chat")["id"]
        made = platform.make(
            "bots", service_id=self.service, name="Intake bot", profile="imi", webhook_url=bot_end.url,
            verification_token=TOKEN,
        )  # fmt: skip
        platform.verify("bots", made)
        self.bot = str(made["id"])
        self.desk = str(platform.make("desks", service_id=self.service, kind="console", name="Front office")["id"])
        platform.make("rules", service_id=self.service, name="all", to="bot+desk", bot_id=self.bot, desk_id=self.desk)

    def key_of(self, name: str, role: str = "agent", **more: Any) -> str:
        """The key of a new person of this service."""
        person = self.platform.make("people", service_id=self.service, name=name, role=role, **more)["id"]
        key = self.platform.make("keys", service_id=self.service, name=name, scopes=[role], person_id=person)
        return str(key["key"])

    def visitor(self) -> Visitor:
        """Somebody new on the page."""
        return Visitor(self.platform, self.channel)

    def handed_over(self) -> tuple[Visitor, str]:
        """Somebody new whom the bot has handed over, and the desk's conversation with them."""
        before, visitor = set(self._offered()), self.visitor()
        visitor.says("human")
        (new,) = eventually(lambda: set(self._offered()) - before, "a conversation of the desk")
        return visitor, str(new)

    def sockets(self) -> list[str]:
        """Sockets of consoles that are told what happens here."""
        table = f"parley-{self.platform.up.stage}-connections"
        rows = self.platform.up.client("dynamodb").scan(TableName=table)["Items"]
        return [row["connection"]["S"] for row in rows if row.get("service") == {"S": self.service} and "until" in row]

    def much_happens(self) -> None:
        """More than a beat answers."""
        at, dynamodb = int(time.time() * 1000), self.platform.up.client("dynamodb")
        for n in range(0, 125, 25):
            rows = [
                {"topic": f"feed#{self.service}", "place": f"{at:013d}#cv_{n + one}", "desk": self.desk}
                | {"conversation": f"cv_{n + one}"}
                for one in range(25)
            ]
            items = [{name: {"S": text} for name, text in row.items()} | {"at": {"N": str(at)}} for row in rows]
            put = [{"PutRequest": {"Item": item | {"expires": {"N": str(at // 1000 + 600)}}}} for item in items]
            dynamodb.batch_write_item(RequestItems={f"parley-{self.platform.up.stage}-beats": put})

    def cut(self, socket: str) -> None:
        """Close a socket, as API Gateway may at any time."""
        live = self.platform.get(f"/v1/channels/{self.channel}")["live_url"]
        sockets = self.platform.up.emulator.client(
            "apigatewaymanagementapi", endpoint_url=f"http{live.removeprefix('ws')}"
        )
        sockets.delete_connection(ConnectionId=socket)

    def _offered(self) -> list[str]:
        listed = self.platform.get(f"/v1/conversations?service_id={self.service}&limit=100")["data"]
        return [one["id"] for one in listed if one["kind"] == "desk" and one["state"] == "offered"]


_SPACES = {0xA0: " ", 0x9: " "}
"""As a driver reads them."""
_NAMED = """return [...document.querySelectorAll(arguments[0])].filter((one) =>
  `${one.innerText} ${one.getAttribute("aria-label")}`.replace(/\\s+/g, " ").includes(arguments[1]))"""
"""Which of these may have a text."""


class Console:
    """What a person sees of the console, and does there."""

    def __init__(self, browser: Chrome, platform: Platform, key: str) -> None:
        self.browser, self.platform = browser, platform
        browser.get(f"{platform.up.console_url}#key={key}")
        self.sees("Inbox")

    def text(self) -> str:
        """All that is to be read."""
        return str(self.browser.find_element(By.TAG_NAME, "body").text)

    def drawn(self) -> str:
        """The same at a glance, perhaps with some that is for screen readers alone. A driver asks of each element
        whether it is to be seen, which of such a page is a tenth of a second of CPU."""
        return str(self.browser.execute_script("return document.body.innerText")).translate(_SPACES)

    def said(self) -> list[str]:
        """The lines of the conversation that is open."""
        return str(self.browser.find_element(By.CSS_SELECTOR, ".conv .stream").text).splitlines()

    def sees(self, *words: str) -> None:
        """Wait until all of these are to be read."""
        eventually(patiently(lambda: _all(self.drawn(), words) and _all(self.text(), words)), f"{words} in the page")

    def no_longer_sees(self, word: str) -> None:
        """Wait until this is not to be read."""
        eventually(patiently(lambda: word not in self.drawn() or word not in self.text()), f"no {word!r} in the page")

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def types(self, selector: str, *keys: str) -> None:
        """Press keys in the first of these, once it takes any."""

        def typed() -> bool:
            self.browser.find_element(By.CSS_SELECTOR, f"{selector}:enabled").send_keys(*keys)
            return True

        eventually(patiently(typed), selector)

    def click(self, selector: str, text: str = "") -> None:
        """Click the first of these that has a text."""
        eventually(patiently(lambda: self._clicked(selector, text)), f"{selector} {text!r}")

    def _clicked(self, selector: str, text: str) -> bool:
        for one in self.browser.execute_script(_NAMED, selector, text):
            if text in (one.text or one.get_attribute("aria-label") or ""):
                one.click()
                return True
        return False

    def asked_before_leaving(self, page: str, *, leaves: bool) -> None:
        """Go to another page from one that is not saved, and say whether that is meant."""
        at = self.browser.current_url
        self.browser.get(f"{self.platform.up.console_url}#/{page}")
        alert = eventually(patiently(lambda: self.browser.switch_to.alert), "a question")
        assert "is not saved" in alert.text
        (alert.accept if leaves else alert.dismiss)()
        assert leaves or self.browser.current_url == at

    def open(self, conversation: str) -> None:
        """Choose a conversation of the list."""
        self.click(f".ilist a[href*='{conversation}']")
        eventually(patiently(lambda: self.browser.find_elements(By.CSS_SELECTOR, ".conv .stream")), "its messages")

    def writes(self, text: str) -> None:
        """Write in the composer and send."""
        area = eventually(
            patiently(lambda: self.browser.find_element(By.CSS_SELECTOR, ".compose textarea")), "the composer"
        )
        area.send_keys(text)
        area.send_keys(Keys.CONTROL, Keys.ENTER)

    def attaches(self, file: Path) -> None:
        """Choose a file for the answer, and wait until it is where it is to be."""
        chosen = patiently(lambda: self.browser.find_element(By.CSS_SELECTOR, ".compose input[type=file]"))
        eventually(chosen, "where files are chosen").send_keys(str(file))
        self.sees(file.name, "MB")

    def blocks(self, *urls: str) -> None:
        """Let nothing of these be asked from now on."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        self.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [*urls]})

    def sleeps(self, visitor: Visitor) -> None:
        """Have all of the page stand still for some seconds, as on a laptop that is shut: it waits for a poll."""
        poll = f"{self.platform.up.base_url}/channels/{visitor.channel}/messages?wait_s=8&after=999999"
        wait = "const held = new XMLHttpRequest(); held.open('GET', arguments[0], false); setTimeout(() => held.send())"
        self.browser.execute_script(wait, f"{poll}&session={visitor.session}")

    def beats(self) -> int:
        """How many beats the page has asked for."""
        names = "return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/beat')).length"
        return int(self.browser.execute_script(names))

    def leave(self) -> None:
        """Take the focus out of the composer, so that keys are deeds."""
        self.press(Keys.ESCAPE)


@pytest.fixture(scope="module")
def office(platform: Platform) -> Iterator[Office]:
    with serving() as bot_end:
        bot_end.answer = bot
        yield Office(platform, bot_end)


@pytest.fixture
def seat(platform: Platform, office: Office, browsers: Browsers) -> Iterator[Callable[[str], Console]]:
    """A browser of its own for a person who is signed in."""
    with ExitStack() as lent:

        def sit(name: str, role: str = "agent") -> Console:
            browser = browsers.lend(**WIDE)
            lent.callback(browsers.take_back, browser, platform.up.endpoint)
            return Console(browser, platform, office.key_of(name, role))

        yield sit


LEAVES = """
document.cookie = "left=1; path=/";
localStorage.left = sessionStorage.left = 1;
const [done] = arguments, asked = indexedDB.open("left");
asked.onsuccess = () => caches.open("left").then(() => done());
"""
FOUND = """
const [done] = arguments;
Promise.all([indexedDB.databases(), caches.keys()]).then(([bases, kept]) => done({
  cookie: document.cookie, local: {...localStorage}, session: {...sessionStorage}, bases, kept,
  dark: matchMedia("(prefers-color-scheme: dark)").matches, left: window.left,
  width: innerWidth, length: history.length,
}));
"""


def test_a_browser_that_is_used_again_is_as_new(platform: Platform, browsers: Browsers) -> None:
    first = browsers.lend(**WIDE)
    first.get(platform.up.console_url)
    found = first.execute_async_script(FOUND)
    _looked_at(first, 390, 844, {"prefers-color-scheme": "dark"})
    first.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "window.left = 1"})
    first.execute_cdp_cmd("Network.enable", {})
    first.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*"]})
    first.execute_async_script(LEAVES)
    first.add_cookie({"name": "hidden", "value": "1", "httpOnly": True})
    first.switch_to.new_window("tab")
    browsers.take_back(first, platform.up.endpoint)

    again = browsers.lend(**WIDE)

    assert again is first and len(again.window_handles) == 1
    again.get(platform.up.console_url)
    assert again.get_cookies() == [] and again.execute_async_script(FOUND) == found
    assert not severe(again)
    browsers.take_back(again, platform.up.endpoint)


def test_a_customer_is_answered(office: Office, seat: Callable[[str], Console], tmp_path: Path) -> None:
    picture = tmp_path / "leak.png"
    picture.write_bytes(b"\x89PNG leak")
    visitor, conversation = office.handed_over()
    maya = seat("Maya")
    browser = maya.browser

    assert "#key=" not in browser.current_url
    kept = browser.execute_script("return [document.cookie, {...sessionStorage}, {...localStorage}]")
    assert (kept[0], {*kept[1]}, kept[2]) == ("", {"whose"}, {}), "scripts find neither key nor session"

    maya.sees("In the queue", "Visitor")
    maya.press("c")
    maya.sees("You have it", "Return to bot")
    maya.attaches(picture)
    maya.writes("Good day, I am Maya")
    (shown,) = visitor.sees("Good day, I am Maya")["media"]
    assert office.platform.call("GET", shown["url"], key=None).status == 302
    assert visitor.sees("Good day, I am Maya")["author"]["name"] == "Maya"
    visitor.says("thank you")
    maya.sees("thank you")
    maya.leave()
    maya.click("[aria-label='Attempts (D)']")
    maya.click("button.route", "Intake bot")
    maya.sees("→ Intake bot")

    maya.leave()
    maya.press("n")
    maya.writes("She is from the newspaper")
    maya.sees("Note · You")
    visitor.says("and another thing")
    maya.sees("and another thing")

    maya.leave()
    maya.press("e")
    maya.sees("How did it end?")
    maya.press(Keys.ENTER)
    maya.sees("Closed.")
    ended = f"/v1/conversations/{conversation}"
    assert eventually(lambda: office.platform.get(ended).get("outcome"), "it has ended") == "solved"
    maya.click("a[href$='/conversations']")
    maya.click(f"a[href*='{conversation}']")
    maya.sees("Closed: Solved")
    assert "Unknown person" not in maya.text()
    visitor.says("hello again")
    visitor.sees("you said hello again")
    assert "She is from the newspaper" not in visitor.texts()
    assert not any("newspaper" in str(event) for event in office.bot_end.events()), "a note is for the team"
    assert not severe(browser)


def test_of_two_who_claim_one_has_it(office: Office, seat: Callable[[str], Console]) -> None:
    """They hear of each other and of the visitor by sockets alone, by beats alone, in two windows, after a sleep."""
    visitor, conversation = office.handed_over()
    people = ann, tom = [seat("Ann"), seat("Tom")]
    for one in people:
        one.open(conversation)
    ann.sees("Tom is looking at this too")
    tom.sees("Ann is looking at this too")
    eventually(lambda: len(office.sockets()) == 2, "a socket of each")
    for one in people:
        one.blocks("*/v1/console/beat*")
    visitor.says("by socket alone")
    for one in people:
        one.sees("by socket alone")
    for one in people:
        one.blocks("*/v1/console/ticket*")
    for socket in office.sockets():
        office.cut(socket)
    visitor.says("by beats alone")
    for one in people:
        one.sees("by beats alone")
    assert office.sockets() == []

    tom.browser.switch_to.new_window("window")
    tom.browser.get(f"{office.platform.up.console_url}#/{office.service}/inbox/{conversation}")
    tom.sees("by beats alone")
    tom.blocks()
    first, second = tom.browser.window_handles
    asked = {}
    for window in (second, first):
        tom.browser.switch_to.window(window)
        visitor.says(f"heard in {window}")
        tom.sees(f"heard in {window}")
        asked[window] = tom.beats()
    assert asked[first] and not asked[second], "one of two windows asks"
    tom.browser.close()
    tom.browser.switch_to.window(second)
    visitor.says("and the other goes on")
    tom.sees("and the other goes on")
    tom.blocks("*/v1/console/ticket*")
    for socket in office.sockets():
        office.cut(socket)
    tom.sleeps(visitor)
    office.much_happens()
    visitor.says("while it was asleep")
    ann.sees("while it was asleep")
    tom.sees("while it was asleep")
    for one in people:
        eventually(patiently(lambda: "while it was asleep" in one.said()), "it in the stream")  # noqa: B023
        said = [
            line for line in one.said() if line.startswith(("by socket", "by beats", "heard in", "and the", "while"))
        ]
        assert len(said) == len({*said}) == 6, said
    for one in people:
        one.click(".compose .btn.main", "Claim")

    agent = eventually(lambda: office.platform.get(f"/v1/conversations/{conversation}")["agent"], "an agent")
    names = ["Ann", "Tom"]
    mine, other = (people[names.index(agent["name"])], people[1 - names.index(agent["name"])])
    mine.sees("You have it")
    other.sees(f"{agent['name']} has it")
    other.sees(f"{agent['name']} has this conversation.")
    assert other.browser.find_elements(By.CSS_SELECTOR, ".compose textarea") == []


def test_of_two_that_are_closed_at_once_one_was_over(office: Office, seat: Callable[[str], Console]) -> None:
    chats = [office.handed_over()[1] for _ in range(2)]
    eva = seat("Eva")

    def chosen() -> None:
        eva.click("button", "Choose several")
        for one in chats:
            eva.click(f"li:has(a[href*='{one}']) .tick")
        eva.sees("2 chosen")

    chosen()
    eva.click(".bulk button", "Tag")
    eva.types("dialog input", "paperless, vip", Keys.ENTER)
    eva.no_longer_sees("2 chosen")
    people = [office.platform.get(f"/v1/conversations/{one}")["thread"]["contact"]["id"] for one in chats]
    assert [office.platform.get(f"/v1/contacts/{one}")["tags"] for one in people] == [["paperless", "vip"]] * 2
    chosen()
    over = office.platform.call("POST", f"/v1/conversations/{chats[0]}/events", {"type": "chat.closed"})
    assert over.status == 202
    eventually(lambda: office.platform.get(f"/v1/conversations/{chats[0]}")["state"] == "closed", "one is over")
    eva.click(".bulk button", "Close")
    eva.sees("How did it end?")
    eva.press(Keys.ENTER)
    eva.sees("Not done with 1:", "the conversation is closed", "1 chosen")
    ended = f"/v1/conversations/{chats[1]}"
    assert eventually(lambda: office.platform.get(ended).get("outcome"), "it has ended") == "solved"


def test_why_the_bot_is_silent_stands_under_the_message(office: Office, seat: Callable[..., Console]) -> None:
    visitor = office.visitor()
    visitor.says("hello")
    visitor.sees("you said hello")
    told = first(office.bot_end, "hello", lambda event: event.get("Message") == "hello")
    office.bot_end.answer = lambda heard: (502, b"<html>Bad gateway</html>") if b"lost" in heard.raw else bot(heard)
    visitor.says("lost")
    reader = seat("Rea", "read")
    reader.browser.get(f"{office.platform.up.console_url}#/{office.service}/conversations/{told['Conversationid']}")

    reader.sees("Message", "502", "Bad gateway", "next attempt")
    assert "Try now" not in reader.text() and not reader.browser.find_elements(By.CSS_SELECTOR, ".compose textarea")
    nav = str(reader.browser.find_element(By.CSS_SELECTOR, ".nav").text)
    assert "Rules" in nav and "API keys" not in nav, "what a role may not do is not shown"
    office.bot_end.answer = bot


def test_an_answer_that_could_not_be_sent_stays(office: Office, seat: Callable[[str], Console]) -> None:
    """Also where its writer goes on to somebody else meanwhile."""
    visitor, conversation = office.handed_over()
    others, other = office.handed_over()
    uma = seat("Uma")
    uma.open(conversation)
    uma.click(".compose .btn.main", "Claim")
    uma.sees("You have it")

    def network(*, there: bool) -> None:
        conditions = {"offline": not there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        uma.browser.execute_cdp_cmd("Network.enable", {})
        uma.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    network(there=False)
    uma.writes("I will call you at noon")
    uma.click(f".ilist a[href*='{other}']")
    uma.sees("The API cannot be reached.")
    network(there=True)
    uma.open(conversation)
    uma.sees("I will call you at noon")
    uma.browser.refresh()
    uma.sees("I will call you at noon", "The API cannot be reached.")
    uma.click(".unsent button", "Try again")
    visitor.sees("I will call you at noon")
    uma.no_longer_sees("Discard")
    _what_is_begun_as_a_note_stays_one(uma, others, other)
    _enter_in_a_button_does_not_send(uma, others)
    _enter_in_a_search_sends_no_old_draft(uma, others)
    _who_has_gone_on_stays_there(uma, other, conversation)


def _what_is_begun_as_a_note_stays_one(uma: Console, visitor: Visitor, conversation: str) -> None:
    """Also where the conversation becomes the writer's own between two words."""
    uma.open(conversation)
    uma.click(".compose button", "Note")
    uma.writes("she sounds upset")
    uma.sees("Note · You")
    uma.browser.find_element(By.CSS_SELECTOR, ".compose textarea").send_keys("and has been")
    uma.leave()
    uma.press("c")
    uma.sees("You have it")
    uma.writes(" for a week")
    eventually(patiently(lambda: uma.said().count("and has been for a week") == 1), "what was written")
    eventually(patiently(lambda: uma.text().count("Note · You") == 2), "two notes")
    uma.click(".compose button", "Reply")
    uma.writes("Good day")
    visitor.sees("Good day")
    assert not any("for a week" in text for text in visitor.texts())


def _enter_in_a_button_does_not_send(uma: Console, visitor: Visitor) -> None:
    area = uma.browser.find_element(By.CSS_SELECTOR, ".compose textarea")
    area.send_keys("Shall we call you?")
    uma.click(".compose button", "Buttons")
    button = "document.activeElement.getAttribute('aria-label')"
    uma.click(".compose input[aria-label='Button 1']", "")
    uma.press("Yes", Keys.ENTER)
    eventually(lambda: "2" in (uma.browser.execute_script(f"return {button}") or ""), "the second button")
    uma.press("No")
    area.send_keys(Keys.CONTROL, Keys.ENTER)
    asked = visitor.sees("Shall we call you?")
    assert [one["title"] for one in asked["content"]["buttons"]] == ["Yes", "No"]


PLIANT = """const asks = window.fetch.bind(window);
window.said = 0;
window.fetch = async (path, given) => {
  if (String(path).includes("/templates")) return Response.json({data: [], next_cursor: null});
  if (String(path).endsWith("/events")) {
    window.said += String(given.body).includes("agent.message");
    if (window.held) await new Promise((go) => { window.go = go; });
  }
  const answer = await asks(path, given);
  if (!window.shut || !String(path).includes("/timeline?")) return answer;
  const told = await answer.json();
  told.conversation.thread.window = {open_until: "2026-01-01T00:00:00Z"};
  return Response.json(told);
};"""
"""A page to which the time for free words is over while `shut`, and whose events wait for `go()` while `held`."""


def _enter_in_a_search_sends_no_old_draft(uma: Console, visitor: Visitor) -> None:
    uma.browser.find_element(By.CSS_SELECTOR, ".compose textarea").send_keys("an old draft")
    uma.browser.execute_script(f"{PLIANT}; window.shut = true")
    visitor.says("are you there?")
    find = ".compose input[type=search]"
    eventually(patiently(lambda: uma.browser.find_elements(By.CSS_SELECTOR, find)), "the templates")
    uma.browser.find_element(By.CSS_SELECTOR, find).send_keys("greeting", Keys.ENTER)
    uma.browser.execute_script("document.querySelector('form.compose').requestSubmit(); window.shut = false")
    visitor.says("hello?")
    area = eventually(patiently(lambda: uma.browser.find_element(By.CSS_SELECTOR, ".compose textarea")), "the draft")
    assert area.get_attribute("value") == "an old draft"
    assert uma.browser.execute_script("return window.said") == 0


def _who_has_gone_on_stays_there(uma: Console, closing: str, other: str) -> None:
    uma.browser.execute_script("window.held = true")
    uma.browser.find_element(By.CSS_SELECTOR, ".compose textarea").send_keys(Keys.ESCAPE)
    uma.press("e")
    uma.sees("How did it end?")
    uma.press(Keys.ENTER)
    eventually(lambda: uma.browser.execute_script("return Boolean(window.go)"), "it is on its way")
    uma.open(other)
    eventually(lambda: other in uma.browser.current_url, "the other one")
    uma.browser.execute_script("window.go()")
    uma.sees("Closed.")
    assert other in uma.browser.current_url, closing


def test_nobody_sees_what_was_seen_before_them(office: Office, seat: Callable[[str], Console]) -> None:
    """On one machine, one after the other: who is of no desk finds nothing of whose turn it was before."""
    office.handed_over()
    one = seat("Ida")
    one.sees("Visitor")
    one.browser.get(f"{office.platform.up.console_url}#/{office.service}/inbox/%E0%A4%A")
    one.sees("Inbox")
    one.click(".nav .me")
    one.click("dialog button", "Sign out")
    one.sees("Sign in to Parley")
    one.browser.refresh()
    one.sees("Sign in to Parley")
    one.browser.find_element(By.ID, "key").send_keys(office.key_of("Ole", desk_ids=[]), Keys.ENTER)
    one.sees("Nothing waits.")
    assert "Visitor" not in one.text()


HOSTILE = (
    "<img src=x onerror=\"document.title='hit'\">", "<script>document.title='hit'</script>", "javascript:alert(1)",
    "</textarea><svg onload=document.title='hit'>", "{{constructor.constructor('return 1')()}}", "\u202eevil",
)  # fmt: skip


def test_what_customers_write_is_only_text(office: Office, seat: Callable[[str], Console]) -> None:
    visitor, conversation = office.handed_over()
    for text in HOSTILE:
        visitor.says(text)
    reader = seat("Xan")
    reader.open(conversation)
    reader.sees("<script>document.title='hit'</script>", "{{constructor")

    assert "hit" not in reader.browser.title
    made = "return document.querySelectorAll('.stream img, .stream script, .stream .bubble a, .ilist img').length"
    assert reader.browser.execute_script(made) == 0
    assert not severe(reader.browser)


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that checks a page."""
    vendored.KEPT.mkdir(parents=True, exist_ok=True)
    got = vendored.files([AXE], [], lambda one: vendored.tarball(one, vendored.KEPT, vendored.fetched))
    return got["axe.js"].decode()


SIZES = ((1440, 900, "light"), (390, 844, "light"), (320, 640, "dark"))
"""Width, height, theme. Phones of both sizes have one page, so axe sees it in the smaller."""
SMALL = """
const all = "main .btn:not(.sm, .bare), main .field:not(textarea), .tabbar a, .tabbar button";
const targets = document.querySelectorAll(all);
const short = [...targets].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 39.5);
return short.map((one) => one.outerHTML.slice(0, 200));"""
"""What a thumb has to hit and is less than 40 pixels high."""
AXE_RUN = """
const asked = {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}};
axe.run(document, asked).then(({violations}) => arguments[0](
  violations.map((one) => [one.id, one.nodes.map((node) => node.target.join())])));"""


def test_everybody_can_use_every_page(office: Office, seat: Callable[..., Console], axe: str) -> None:
    """Each page opens, and has nothing that axe complains of, wide and by day as on a small phone at night; nothing is
    wider than the screen or too small to be hit, and nobody else is asked for anything."""
    office.handed_over()
    owner = seat("Owner", "admin")
    browser = owner.browser
    browser.execute_script("performance.setResourceTimingBufferSize(10000)")
    links = browser.execute_script("return [...document.querySelectorAll('.nav a[href]')].map((one) => one.href)")
    places = [link for link in links if "#/" in link]
    assert len(places) >= 14
    (met, *_) = office.platform.get(f"/v1/contacts?service_id={office.service}")["data"]
    number = office.platform.make("channels", **WHATSAPP, service_id=office.service)["id"]
    ones = (
        f"contacts/{met['id']}",
        f"channels/{number}",
        "conversations?state=closed&outcome=none",
        f"bots/{office.bot}",
        f"desks/{office.desk}",
        "channels/new",
        "rules/new",
    )
    places += [f"{office.platform.up.console_url}#/{office.service}/{one}" for one in ones]
    drawn = "return document.querySelector('main h1') && !document.querySelector('main [aria-busy=true]')"
    for place in places:
        browser.get(place)
        eventually(patiently(lambda: browser.execute_script(drawn)), f"{place} is read")
        if place.endswith("/inbox"):
            owner.click(".ilist .item")
            owner.sees("Claim this conversation")
        assert "This did not work" not in owner.text(), place
        for width, height, scheme in SIZES:
            # Where nothing moves no colour is on its way to another.
            _looked_at(browser, width, height, {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"})
            fits = "return document.documentElement.scrollWidth <= innerWidth"
            eventually(patiently(lambda: browser.execute_script(fits)), f"{place} fits {width}")  # noqa: B023
            if width == 390:
                assert not browser.execute_script(SMALL), place
                continue
            if not browser.execute_script("return window.axe !== undefined"):
                browser.execute_script(axe)
            wrong = browser.execute_async_script(AXE_RUN)
            assert not wrong, (place, scheme, wrong)
    _looked_at(browser, 1440, 900, {"forced-colors": "active", "prefers-reduced-motion": "reduce"})
    for place in places[:2]:
        browser.get(place)
        eventually(patiently(lambda: browser.execute_script(drawn)), f"{place} in few colours")
        assert browser.execute_script("return document.getAnimations().length") == 0
    others = "return performance.getEntriesByType('resource').map((one) => one.name)"
    assert {url for url in browser.execute_script(others) if not url.startswith(office.platform.up.base_url)} == set()
    assert not severe(browser)
    assert office.platform.call("DELETE", f"/v1/channels/{number}").status in (200, 204)


def _looked_at(browser: Chrome, width: int, height: int, media: dict[str, str]) -> None:
    """As on another screen, by somebody who wants it otherwise."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 720}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": name, "value": value} for name, value in media.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_an_owner_makes_a_desk_and_is_told_what_is_wrong(office: Office, seat: Callable[..., Console]) -> None:
    owner = seat("Odo", "admin")
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/desks/new")
    owner.sees("New desk")
    owner.click("button", "Make")
    owner.sees("Some fields need another look.")
    owner.browser.find_element(By.CSS_SELECTOR, "input[id='f-name']").send_keys("Back office")
    owner.click("button", "Make")
    owner.sees("Saved.")
    made = office.platform.get(f"/v1/desks?service_id={office.service}&limit=100")["data"]
    assert "Back office" in [one["name"] for one in made]
    desk = next(one["id"] for one in made if one["name"] == "Back office")
    _somebody_else_saves_first(office, owner, desk)
    _a_desk_keeps_its_other_days(office, owner, desk)
    _a_rule_is_as_its_form_says(office, owner)
    _a_kept_secret_goes_when_it_is_told_to(office, owner)
    _a_channel_says_how_it_stands(office, owner)
    _what_is_not_saved_is_not_verified(office, owner)
    _an_event_is_tried(office, owner)
    _the_business_speaks_first(office, owner)

    assert all("422" in line for line in severe(owner.browser))
    _two_contacts_become_one(office, owner)
    _what_is_replayed_is_what_was_said(office, owner)
    assert not severe(owner.browser)


def _the_business_speaks_first(office: Office, owner: Console) -> None:
    """To somebody who was there, after it was said where it goes."""
    _, conversation = office.handed_over()
    contact = office.platform.get(f"/v1/conversations/{conversation}")["contact_id"]
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/contacts/{contact}")
    owner.click(".btn", "New message")
    owner.types("dialog textarea", "Your meter is read tomorrow.")
    owner.click("dialog .btn.main", "Send")
    owner.sees("On its way", "Your meter is read tomorrow.")


def _two_contacts_become_one(office: Office, owner: Console) -> None:
    """Found by words of a name, side by side, merged, and apart again."""
    names = ("Zoë Lindqvist", "Zoe Lindqvist-Berg")
    stays, goes = (
        office.platform.call("POST", "/v1/contacts", {"service_id": office.service, "name": name, "tags": [f"t{n}"]})
        for n, name in enumerate(names)
    )
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/contacts")
    owner.sees("Everybody who wrote")
    owner.browser.find_element(By.CSS_SELECTOR, "main input[type=search]").send_keys("lind zoe")
    owner.click("main table a", names[0])
    owner.click(".btn", "Merge…")
    owner.sees("With whom?")
    owner.browser.find_element(By.CSS_SELECTOR, "dialog input[type=search]").send_keys("zo be")
    owner.click(".matches .btn", names[1])
    owner.sees("Are they one person?", "goes into it", "t0, t1")
    owner.click(".btn.main", "Merge")
    owner.sees("They are one now.", "Merged into this one")
    assert office.platform.get(f"/v1/contacts/{goes.json['id']}")["id"] == stays.json["id"]
    owner.click(".btn", "Take back")
    owner.sees("They are two again.")
    assert office.platform.get(f"/v1/contacts/{goes.json['id']}")["name"] == names[1]


def _what_is_replayed_is_what_was_said(office: Office, owner: Console) -> None:
    visitor = office.visitor()
    visitor.says("hello")
    visitor.sees("you said hello")
    # What another test left waiting is not to come in between.
    office.platform.call("POST", f"/v1/bots/{office.bot}/lanes:try", {})
    all_of_it = f"/v1/deliveries?bot_id={office.bot}&limit=100"
    undone = ("pending", "waiting")
    eventually(lambda: not [one for one in office.platform.get(all_of_it)["data"] if one["status"] in undone], "told")
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/deliveries?bot_id={office.bot}")
    owner.click(".btn", "Replay…")
    owner.sees("Replay deliveries of Intake bot")
    owner.click("dialog label", "delivered")
    said = r"([1-9]\d*) deliver(?:y goes|ies go) to Intake bot"
    told = eventually(patiently(lambda: re.search(said, owner.text())), "what would go")
    owner.click("dialog .btn.main", "Replay")
    owner.sees(f"done, {told[1]} sent again")
    owner.browser.refresh()
    owner.sees(f"done, {told[1]} sent again", "begun by Odo")
    (job,) = office.platform.get(f"/v1/replays?destination_id={office.bot}")["data"]
    assert (job["state"], job["done"], job["counted"]) == ("done", int(told[1]), int(told[1]))
    again = office.platform.get(all_of_it)["data"]
    assert sum(one["replay_of"] is not None for one in again) == job["done"]


def test_a_chat_by_one_press_shows_its_way(platform: Platform, browsers: Browsers) -> None:
    """First steps of a service that has nothing: made, spoken in, followed hop by hop, handed over."""
    service = platform.service("empty")
    with ExitStack() as lent:
        browser = browsers.lend(**WIDE)
        lent.callback(browsers.take_back, browser, platform.up.endpoint)
        owner = Console(browser, platform, str(platform.up.admin_key))
        _nothing_was_used_yet(owner, service)
        browser.get(f"{platform.up.console_url}#/{service}/first")
        owner.click(".btn.main", "Make a working chat")
        owner.sees("Say something, and watch it travel", "Echo bot", "Front desk")

        def says(text: str, *told: str) -> str:
            browser.find_element(By.CSS_SELECTOR, ".device input").send_keys(text, Keys.ENTER)
            hops = f"return document.querySelector(`.hops[aria-label*='“{text}”']`)?.innerText ?? ''"
            seen = patiently(lambda: _all(str(browser.execute_script(hops)), told))
            return str(eventually(seen, f"{told} of {text}"))

        way = says("anybody?", "received", "goes to Echo bot", "took it in", "answered", "shown on the phone")
        assert len(re.findall(r"\d ?(ms|sec)", way)) >= 5, way
        owner.sees("You said: anybody?", "there and back")
        says("human", "Front desk", "handed over")
        owner.sees("A person is coming")
        owner.click(".step a", "Answer it there")
        owner.sees("Claim this conversation", "You said: anybody?")
        tried = platform.get(f"/v1/conversations?service_id={service}")["data"]
        assert tried and all(one["test"] for one in tried), "marked before its first word"
        _changes_a_rule(owner, service)
        assert not severe(browser)
        rows = [platform.get(f"/v1/{kind}?service_id={service}")["data"] for kind in ("channels", "bots", "rules")]
        assert [len(found) for found in rows] == [1, 1, 1], "restored"


def _nothing_was_used_yet(owner: Console, service: str) -> None:
    """Each list of a new service says what would stand in it, and how that comes there."""
    words: dict[str, str] = {}
    for file in ("words-en.json", "more-en.json"):
        words |= json.loads((page.CONSOLE / "app" / file).read_text(encoding="utf-8"))
    said = {key.partition(".")[2]: (key, f"none_more.{key.partition('.')[2]}") for key in words if "none." in key[:5]}
    said["conversations"] = ("conversations.none", "conversations.none_more")
    for name in said.keys() - {"audit", "keys"}:
        owner.browser.get(f"{owner.platform.up.console_url}#/{service}/{name}")
        owner.sees(*(words[key] for key in said[name]))
        assert not owner.browser.find_elements(By.CSS_SELECTOR, "main table"), name


def _all(text: str, words: tuple[str, ...]) -> str:
    return text if all(word in text for word in words) else ""


def _changes_a_rule(owner: Console, service: str) -> None:
    """A rule is made of parts, compared, found at work, moved by the keyboard, and taken back by its version."""
    browser = owner.browser
    browser.get(f"{owner.platform.up.console_url}#/{service}/rules/new")
    owner.sees("Always.")
    owner.click("#choice option", "a desk")
    browser.find_element(By.ID, "f-name").send_keys("Bills")
    owner.click("#f-desk_id option", "Front desk")
    owner.click("button", "Add a condition")
    browser.find_element(By.CSS_SELECTOR, ".clause input").send_keys("Anybody")
    owner.click("button", "Compare over the last 200 messages")
    owner.sees("One of 2 messages would go elsewhere.", "anybody?")
    owner.press(Keys.ESCAPE)
    owner.click(".btn.main", "Make")
    owner.sees("It stands before “Everything to the bot, people behind it”")
    browser.get(f"{owner.platform.up.console_url}#/{service}/rules")
    owner.sees("Try it")
    tried = eventually(patiently(lambda: browser.find_element(By.ID, "try-text")), "what is tried")
    tried.clear()
    tried.send_keys("Is ANYBODY home?")
    owner.sees("Rule 1, Bills", "it is “is anybody home?”")
    browser.find_element(By.LINK_TEXT, "Bills").send_keys(Keys.ALT, Keys.ARROW_DOWN)
    owner.sees("This order is not saved yet.", "Rule 1, Everything")
    assert browser.switch_to.active_element.text == "Bills"
    owner.click("button", "Save this order")
    owner.sees("Moved.")
    owner.click(".btn", "Versions")
    owner.sees("moved down, from 1 to 2", "was added")
    owner.click(".versions li:last-child button", "Go back to this")
    owner.click("dialog button:not(:disabled)", "Go back to these rules")
    owner.sees("The rules are as they were.")


def _somebody_else_saves_first(office: Office, owner: Console, desk: str) -> None:
    """Who edits hears of it, is shown both on saving, and loses nothing."""
    owner.sees("Remove")
    name = owner.browser.find_element(By.ID, "f-name")
    name.send_keys(" of mine")
    fields = {"name": "Reception", "accept_within_s": 77}
    assert office.platform.call("PATCH", f"/v1/desks/{desk}", fields).status == 200
    owner.click("form .btn.main", "Save")
    owner.sees("Somebody else changed this", "Reception", "Back office of mine")
    owner.click("dialog button", "Save what I changed")

    def kept() -> bool:
        desk_now = office.platform.get(f"/v1/desks/{desk}")
        return (desk_now["name"], desk_now["accept_within_s"]) == ("Back office of mine", 77)

    eventually(kept, "both changes")
    owner.sees("Saved.")


def _a_desk_keeps_its_other_days(office: Office, owner: Console, desk: str) -> None:
    """Lines are typed as they come, and of what is replaced as a whole nothing is lost."""

    def stands() -> tuple[Any, ...]:
        row = office.platform.get(f"/v1/desks/{desk}")
        return row.get("outcomes"), *((row.get("hours") or {}).get(day) for day in ("mon", "tue"))

    owner.types("#f-outcomes", "solved", Keys.ENTER, "passed on ")
    owner.click("legend input")
    owner.types("#f-hours-mon", "09:00-12:00", Keys.ENTER, "13:00-17:00")
    owner.types("#f-hours-tue", "10:00-12:00")
    owner.click("form .btn.main", "Save")
    kept, tuesday = ["solved", "passed on"], ["10:00-12:00"]
    eventually(lambda: stands() == (kept, ["09:00-12:00", "13:00-17:00"], tuesday), "two days")
    owner.types("#f-hours-mon", Keys.CONTROL + "a" + Keys.NULL, "08:00-12:00")
    owner.click("form .btn.main", "Save")
    eventually(lambda: stands() == (kept, ["08:00-12:00"], tuesday), "another Monday and the same Tuesday")


def _a_rule_is_as_its_form_says(office: Office, owner: Console) -> None:
    """A condition gets a second part; who takes what another made of it sees that."""
    text = {"var": "message.text"}
    rule = office.platform.make(
        "rules", service_id=office.service, name="Never", to="none", when={"==": [text, "zz1"]}
    )["id"]  # fmt: skip
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/rules/{rule}")
    owner.click("button", "Add a condition")
    owner.types(".clause:nth-of-type(2) input", "zz2")
    owner.click("form .btn.main", "Save")
    both = {"and": [{"==": [text, "zz1"]}, {"in": ["zz2", {"lower": [text]}]}]}
    eventually(lambda: office.platform.get(f"/v1/rules/{rule}")["when"] == both, "both parts")
    changed = office.platform.call("PATCH", f"/v1/rules/{rule}", {"when": {"==": [text, "zz3"]}})
    assert changed.status == 200
    owner.types("#f-name", " mine")
    owner.click("form .btn.main", "Save")
    owner.click("dialog button", "Take theirs")
    shown = "return [...document.querySelectorAll('.clause input')].map((one) => one.value)"
    eventually(patiently(lambda: owner.browser.execute_script(shown) == ["zz3"]), "their condition")
    assert office.platform.call("DELETE", f"/v1/rules/{rule}").status in (200, 204)


def _a_kept_secret_goes_when_it_is_told_to(office: Office, owner: Console) -> None:
    """What is typed over it and taken back leaves it as it was."""
    secrets = {"identity_secret": "of-this-page-alone-".ljust(40, "x")}
    made = office.platform.make("channels", service_id=office.service, kind="webchat", name="members", secrets=secrets)
    where = f"/v1/channels/{made['id']}"

    def saved() -> Any:
        # Not that of what was saved before.
        owner.no_longer_sees("Saved.")
        owner.click("form .btn.main", "Save")
        owner.sees("Saved.")
        return office.platform.get(where)

    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/channels/{made['id']}")
    owner.types("#f-secrets-identity_secret", "abc", Keys.BACKSPACE * 3)
    owner.types("#f-name", " only")
    stands = saved()
    assert (stands["name"], stands["secrets_set"]) == ("members only", [*secrets])
    owner.click("form button", "Remove")
    assert not owner.browser.find_element(By.ID, "f-secrets-identity_secret").is_enabled()
    assert saved()["secrets_set"] == []
    assert office.platform.call("DELETE", where).status in (200, 204)


def _a_channel_says_how_it_stands(office: Office, owner: Console) -> None:
    """At first nobody is there; then its provider knows it, but not for long."""
    ends = int(time.time()) + 2 * 86_400

    def meta(heard: Heard) -> Answer:
        if "debug_token" in heard.path:
            return 200, {"data": {"application": "Office", "expires_at": ends}}
        return 200, {"display_phone_number": "+1 631-555-1111", "quality_rating": "GREEN"}

    with serving() as graph:
        graph.answer = lambda heard: (503, {})
        settings = WHATSAPP["settings"] | {"api_base": graph.url.removesuffix("/hook")}
        made = office.platform.make("channels", **WHATSAPP | {"service_id": office.service, "settings": settings})
        owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/channels/{made['id']}")
        owner.sees("It gave no answer: http_503")
        graph.answer = meta
        owner.click(".card .btn", "Check now")
        for told in ("wa is known to its provider.", "+1 631-555-1111", "ends in"):
            owner.sees(told)
        owner.no_longer_sees("http_503")
    assert office.platform.call("DELETE", f"/v1/channels/{made['id']}").status in (200, 204)


def _what_is_not_saved_is_not_verified(office: Office, owner: Console) -> None:
    """And what is dragged out of a dialog does not close it, as a press beside it does."""
    browser = owner.browser
    browser.get(f"{office.platform.up.console_url}#/{office.service}/bots/{office.bot}")
    owner.sees("Verify")
    owner.types("#f-name", " of mine")
    eventually(patiently(lambda: browser.find_elements(By.CSS_SELECTOR, ".btn[title^='Save first']:disabled")), "why")
    owner.click(".btn.danger", "Remove")
    owner.sees("This cannot be undone.")
    head = browser.find_element(By.CSS_SELECTOR, "dialog h2")
    ActionChains(browser).click_and_hold(head).move_by_offset(0, -head.location["y"] + 5).release().perform()
    owner.sees("This cannot be undone.")
    ActionChains(browser).click().perform()
    owner.no_longer_sees("This cannot be undone.")
    _what_cannot_be_read_is_not_lost(office, owner)


def _what_cannot_be_read_is_not_lost(office: Office, owner: Console) -> None:
    """Text that is no JSON is a change, is named when one saves, and is not left without being asked."""
    browser, url = owner.browser, f"{office.platform.up.console_url}#/{office.service}"
    owner.asked_before_leaving(f"{office.service}/bots", leaves=True)
    browser.get(f"{url}/bots/{office.bot}")
    owner.click("form summary", "More settings")
    owner.types("#f-headers", " {")
    eventually(patiently(lambda: browser.find_elements(By.CSS_SELECTOR, ".btn[title^='Save first']:disabled")), "why")
    owner.click("form summary", "More settings")
    owner.click("form .btn.main", "Save")
    owner.sees("Nothing was saved. Another look is needed at: Headers", "This is no JSON")
    eventually(lambda: browser.switch_to.active_element.get_attribute("id") == "f-headers", "it is pointed at")
    owner.asked_before_leaving(f"{office.service}/desks", leaves=False)
    assert browser.find_element(By.ID, "f-headers").get_attribute("value") == "{} {"
    browser.find_element(By.ID, "f-headers").send_keys(Keys.BACKSPACE)
    owner.no_longer_sees("This is no JSON")


def _an_event_is_tried(office: Office, owner: Console) -> None:
    """A mapping that is being written is tried over an event, and says at which expression it fails."""
    owner.browser.get(f"{office.platform.up.console_url}#/{office.service}/sources/new")
    owner.sees("Try the mapping")
    for field, text in (("id", "id"), ("text", "'paid: ' & text")):
        owner.browser.find_element(By.ID, f"f-mapping-{field}").send_keys(text)
    owner.click("button", "Try it")
    owner.sees("paid: Two lamps", "o-1001")
    owner.browser.find_element(By.ID, "f-mapping-text").send_keys(" &")
    owner.click("button", "Try it")
    owner.sees("Text: ")
    owner.asked_before_leaving(f"{office.service}/sources", leaves=True)
    assert all("409" in line or "422" in line for line in severe(owner.browser))
