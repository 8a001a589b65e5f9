"""The web chat widget in a real browser, against a small server that reads with the real adapter."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.channels import webchat
from chalicelib.channels.contract import Channel, Denied, Request, Said, Status
from chalicelib.channels.webchat import pages

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not BROWSER or not DRIVER:
    pytest.skip("needs Debian's chromium and chromedriver", allow_module_level=True)

from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

CHANNEL = Channel("chn_1", {"title": "Help & more", "greeting": "Hello! How can we help?", "colour": "#ffcc00"}, {})
ROOT = "/channels/chn_1"
HOST_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
EXAMPLES = sorted((Path(webchat.__file__).parent / "examples").glob("pull__*.json"))

pytestmark = pytest.mark.xdist_group("browser")


class Site:
    """What the server knows and does; a test sets `trouble` and reads `posts`."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.trouble: list[int] = []
        """Statuses that the next posts are answered with; a negative one is kept before the answer is lost."""
        self.reads: list[str] = []

    def say(self, text: str = "", direction: str = "out", **more: Any) -> None:
        """Add a message to the thread."""
        message = {"direction": direction, "author": {"kind": "bot", "name": None}, "type": "text", "text": text,
                   "content": {}, "media": [], "state": "pending"} | more  # fmt: skip
        self.messages.append({"id": f"msg_{len(self.messages) + 1}"} | message)

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer a post as the edge does."""
        self.posts.append(json.loads(body))
        wanted = self.trouble.pop(0) if self.trouble else 202
        if wanted > 299:
            return wanted, {"code": "trouble"}
        received = webchat.receive(Request("POST", headers, {}, body, int(time.time() * 1000)), CHANNEL)
        if isinstance(received, Denied):
            return received.status, {"code": received.code}
        answer: Any = received.response.body
        for event in received.events:
            if isinstance(event, Status):
                self.reads.append(event.provider_id)
            if isinstance(event, Said):
                self.say(event.content.text, "in", author={"kind": "user"}, type=event.content.type)
                answer = answer | {"message_id": self.messages[-1]["id"]}
        return received.response.status, answer

    def after(self, cursor: int, *, everything: bool, wait_s: float) -> dict[str, Any]:
        """Answer a poll as the edge does."""
        until = time.monotonic() + min(wait_s, 3)
        while True:
            page = self.messages[cursor:]
            shown = [one for one in page if everything or one["direction"] == "out"]
            cursor += len(page)
            if shown or time.monotonic() >= until:
                return {"data": shown, "next": str(cursor)}
            time.sleep(0.02)


class Answering(BaseHTTPRequestHandler):
    """The site over HTTP."""

    site: Site

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == f"{ROOT}/widget.js":
            self.answer(200, pages.widget_js(CHANNEL), "text/javascript")
        elif path == f"{ROOT}/chat":
            self.answer(200, pages.chat_page(CHANNEL, "widget.js"), "text/html", pages.PAGE_POLICY)
        elif path == f"{ROOT}/messages":
            cursor, wait_s = int(query.get("after", ["0"])[0]), float(query["wait_s"][0])
            data = self.site.after(cursor, everything=query.get("include") == ["all"], wait_s=wait_s)
            self.answer(200, json.dumps(data), "application/json")
        elif path == "/shop":
            page = f'<!doctype html><title>Shop</title><h1>Shop</h1><script src="{ROOT}/widget.js" async></script>'
            self.answer(200, page, "text/html", HOST_POLICY)
        else:
            self.answer(404, "nothing here", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status, data = self.site.post(body, {name.lower(): value for name, value in self.headers.items()})
        self.answer(status, json.dumps(data), "application/json")

    def answer(self, status: int, body: str, kind: str, policy: str = "") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was left while it waited

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def started() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"):
        options.add_argument(flag)
    options.add_argument("--disable-dev-shm-usage")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def site() -> Site:
    Answering.site = Site()
    return Answering.site


@pytest.fixture
def browser(started: Chrome, site: Site, base: str) -> Iterator[Chrome]:
    started.get(f"{base}/nowhere")
    started.execute_script("localStorage.clear()")
    logged(started)
    yield started
    # A picture that the page may not load becomes a link; that the policy said so is expected.
    assert not [line for line in logged(started) if "Content Security Policy" in line and "127.0.0.1:1/" not in line]
    started.get("about:blank")


def eventually(check: Callable[[], Any], within_s: float = 8) -> Any:
    """What `check` gives as soon as it gives something."""
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, f"not within {within_s} s"
        time.sleep(0.03)
    return found


class Widget:
    """What a visitor sees of it."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser
        eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "[data-parley]"))
        self.root = browser.find_element(By.CSS_SELECTOR, "[data-parley]").shadow_root

    def all(self, selector: str) -> list[Any]:
        return self.root.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> Any:
        return eventually(lambda: self.all(selector))[0]

    def bubbles(self) -> list[str]:
        return [node.text for node in self.all(".bubble")]

    def write(self, text: str) -> None:
        self.one("textarea").send_keys(text + Keys.ENTER)

    def focused(self) -> str:
        tag = "return document.querySelector('[data-parley]').shadowRoot.activeElement?.className || 'input'"
        return str(self.browser.execute_script(tag))


def is_shown(widget: Widget, text: str) -> bool:
    return text in widget.one(".log").text


def logged(browser: Chrome) -> list[str]:
    lines: Any = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [line["message"] for line in lines]


def opened(browser: Chrome, base: str) -> Widget:
    browser.get(f"{base}{ROOT}/chat")
    return Widget(browser)


def test_a_visitor_writes_and_reads_the_answer(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    assert browser.title == "Help & more"
    assert widget.one(".greeting").text == "Hello! How can we help?"
    widget.write("Where is <i>my</i> parcel?")
    eventually(lambda: "Sent" in widget.one(".state").text)
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
    eventually(lambda: "Sent" in widget.one(".state").text)
    first, second = [post for post in site.posts if "text" in post]
    assert first == second
    assert first["id"]


def test_a_refused_message_can_be_tried_again_by_hand(browser: Chrome, site: Site, base: str) -> None:
    site.trouble = [403]
    widget = opened(browser, base)
    widget.write("Hello?")
    widget.one(".failed .state button").click()
    eventually(lambda: "Sent" in widget.one(".state").text)
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
    assert widget.one("form button").accessible_name == "Send"
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
