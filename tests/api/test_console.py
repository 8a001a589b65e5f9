"""The console: its files as they are served, and what it does in a real browser against a small API."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.api.console import old_page as console

FILES = Path(console.__file__).parents[2] / "console" / "inbox"
SERVED = {
    "/console": ("index.html", "text/html"),
    "/console/console.js": ("console.js", "text/javascript"),
    "/console/console.css": ("console.css", "text/css"),
}


@pytest.mark.parametrize("path", SERVED)
def test_files_are_served_to_anybody(api: Any, path: str) -> None:
    name, kind = SERVED[path]

    for asking in (api, api.as_key(""), api.as_key("pk_wrong")):
        answer = asking("GET", path)
        assert (answer.status, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert answer.body == (FILES / name).read_text(encoding="utf-8"), "the same for everybody: nothing is in it"
        assert answer.headers["content-security-policy"] == console.POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", SERVED)
def test_files_can_only_be_read(api: Any, path: str) -> None:
    answer = api("POST", path, {})

    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_the_policy_lets_nothing_in() -> None:
    assert "default-src 'none'" in console.POLICY and "unsafe" not in console.POLICY


def test_nothing_is_inline_and_data_is_only_text() -> None:
    page, script = (FILES / "index.html").read_text(), (FILES / "console.js").read_text()

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|localStorage", script
    )


SERVICE, BOT, DESK, CHANNEL = ("sv_1", "bt_1", "dk_1", "ch_1")
AT = "2026-01-02T03:04:05.000Z"
EVIL = "<img src=x onerror=\"document.title='run'\">"


def _conversation(id: str, kind: str, state: str) -> dict[str, Any]:
    return {
        "id": id, "service_id": SERVICE, "thread_id": f"th_{id}", "channel_id": CHANNEL, "source": "webchat",
        "kind": kind, "bot_id": BOT if kind == "bot" else None, "desk_id": DESK if kind == "desk" else None,
        "source_id": None, "state": state, "contact_id": "co_1", "contact": {"id": "co_1", "name": EVIL},
        "owner": kind, "address": "+4915112345678", "agent": None, "reason": None, "outcome": None, "opened_at": AT,
        "closed_at": None,
    }  # fmt: skip


class Platform:
    """What the small API knows, and what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.refuse: tuple[int, str] | None = None
        self.addresses: list[str] = []
        self.conversations = [_conversation("cv_2", "desk", "accepted"), _conversation("cv_1", "bot", "open")]
        self.attempt = {
            "n": 1, "at": AT, "took_ms": 12, "status_code": 500, "error": "status", "response_head": "<b>no</b>",
        }  # fmt: skip

    def get(self, path: str) -> Any:
        """What a path is answered with."""
        thread = {"address": "+4915112345678", "channel_kind": "webchat", "contact": {"id": "co_1", "name": EVIL}}
        if path.startswith("/v1/conversations/"):
            return next(one for one in self.conversations if path.endswith(one["id"])) | {"thread": thread}
        webhook = {"id": BOT, "name": "Helper", "status": "inactive", "webhook_url": "https://bot.example.com/hook"}
        return self._listed(
            {
                "/v1/services": [{"id": SERVICE, "name": "Care"}],
                "/v1/bots": [webhook],
                "/v1/desks": [{"id": DESK, "name": "People", "kind": "console", "status": "active"}],
                "/v1/channels": [{"id": CHANNEL, "name": "Site"}],
                "/v1/triggers": [{"id": "tr_1", "name": "Nightly"}],
                "/v1/sources": [{"id": "so_1", "name": "Shop"}],
                "/v1/subscriptions": [
                    {"id": "sb_1", "name": None, "status": "active", "url": "https://crm.example.com/parley"}
                ],
                "/v1/conversations": self.conversations,
                "/v1/messages": [
                    self._message("out", "bot", "", "failed"),
                    self._message("in", "user", EVIL, "received"),
                ],
                "/v1/deliveries": [self._delivery()],
                "/v1/failures": [
                    {"id": "fa_1", "step": "converse", "queue": "threads.fifo", "at": AT, "replayed_at": None,
                     "thread_id": "th_1", "lane": None},
                ],
            }[path]
        )  # fmt: skip

    def _listed(self, data: Any) -> dict[str, Any]:
        return {"data": data, "next_cursor": None}

    def _message(self, direction: str, author: str, text: str, state: str) -> dict[str, Any]:
        error = {"code": "131047", "title": "too late"} if state == "failed" else None
        return {"id": f"ms_{direction}", "direction": direction, "author": {"kind": author, "id": None, "name": None},
                "type": "text", "text": text, "media": [], "state": state, "error": error, "sent_at": AT}  # fmt: skip

    def _delivery(self) -> dict[str, Any]:
        return {"id": "dl_1", "status": "failed", "kind": "message", "destination_id": BOT, "created_at": AT,
                "attempts": [self.attempt], "next_attempt_at": None, "replay_of": None}  # fmt: skip


class Answering(BaseHTTPRequestHandler):
    """The files as the API serves them, under a stage's path, and the small API."""

    platform: Platform

    def do_GET(self) -> None:
        self.platform.addresses.append(self.path)
        path = urlsplit(self.path).path.removeprefix("/stage")
        if path in SERVED:
            serve = {"index.html": console.page, "console.js": console.script, "console.css": console.style}
            made = serve[SERVED[path][0]](None)  # type: ignore[arg-type]
            self.answer(200, made.body, {name: str(value) for name, value in made.headers.items()})
        elif self.headers["Authorization"] != "Bearer pk_right":
            self.problem(401, "this key is not known")
        else:
            self.answer(200, json.dumps(self.platform.get(path)), {"Content-Type": "application/json"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Idempotency-Key"]
        if self.platform.refuse:
            self.problem(*self.platform.refuse)
            return
        self.platform.done.append((self.path, body))
        self.answer(202, "{}", {"Content-Type": "application/json"})

    def problem(self, status: int, detail: str) -> None:
        self.answer(status, json.dumps({"status": status, "detail": detail, "errors": []}),
                    {"Content-Type": "application/problem+json"})  # fmt: skip

    def answer(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def eventually(check: Callable[[], Any], within_s: float = 8) -> Any:
    """What `check` gives as soon as it gives something."""
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, f"not within {within_s} s"
        time.sleep(0.03)
    return found


@pytest.fixture
def platform() -> Platform:
    Answering.platform = Platform()
    return Answering.platform


@pytest.fixture
def browser(platform: Platform) -> Iterator[Any]:
    driver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program, steering = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not steering:
        pytest.skip("needs Debian's chromium and chromedriver")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = driver.ChromeOptions()
    options.binary_location = program
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.add_argument("--window-size=1280,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with driver.Chrome(options=options, service=driver.ChromeService(steering)) as started:
        started.get(f"http://127.0.0.1:{server.server_address[1]}/stage/console")
        yield started
        said = [line["message"] for line in started.get_log("browser")]
        assert not [line for line in said if "Content Security Policy" in line or "TypeError" in line]
    server.shutdown()


def _press(browser: Any, label: str, within: str = "body") -> None:
    from selenium.common.exceptions import StaleElementReferenceException

    def pressed() -> bool:
        wanted = f"//*[self::{within} or @id='{within}']//button[contains(., '{label}')]"
        try:
            shown = [one for one in browser.find_elements("xpath", wanted) if one.is_displayed()]
            if shown:
                shown[0].click()
        except StaleElementReferenceException:
            return False  # that part of the page was just drawn anew
        return bool(shown)

    eventually(pressed)


def _text(browser: Any, id: str = "") -> str:
    found = browser.find_element("id", id) if id else browser.find_element("tag name", "body")
    return str(found.text)


def _sign_in(browser: Any, key: str) -> None:
    eventually(lambda: browser.find_element("id", "key").is_displayed())
    browser.find_element("id", "key").send_keys(key)
    _press(browser, "Sign in")


@pytest.mark.xdist_group("browser")
def test_a_day_at_the_console(browser: Any, platform: Platform) -> None:
    _sign_in(browser, "pk_wrong")
    eventually(lambda: "401: this key is not known" in _text(browser, "trouble"))
    assert browser.find_element("id", "sign-in").is_displayed()
    assert browser.execute_script("return sessionStorage.length") == 0
    _sign_in(browser, "pk_right")

    # What a customer wrote, also as a name, is text.
    eventually(lambda: EVIL in _text(browser, "list"))
    _press(browser, "desk · People", "list")
    eventually(lambda: EVIL in _text(browser, "timeline"))
    assert browser.title == "Parley console" and not browser.find_elements("css selector", "#console img")
    assert "131047: too late" in _text(browser, "timeline")

    # A delivery with its attempts, opened by keyboard, stays open and focused while the page is refreshed.
    summary = browser.find_element("css selector", "#deliveries summary")
    summary.send_keys("\ue007")
    assert "<b>no</b>" in _text(browser, "deliveries")
    platform.attempt["took_ms"] = 99
    eventually(lambda: "99 ms" in _text(browser, "deliveries"), within_s=12)
    assert browser.switch_to.active_element.tag_name == "summary"
    _press(browser, "Replay", "deliveries")
    eventually(lambda: platform.done)
    assert platform.done.pop() == ("/stage/v1/deliveries/dl_1/replay", {})

    # A reply that is refused stays, with the reason; the next try is the same event.
    platform.refuse = (503, "nothing was kept; try again")
    browser.find_element("id", "text").send_keys("Good morning")
    _press(browser, "Send")
    eventually(lambda: "503: nothing was kept" in _text(browser, "trouble"))
    platform.refuse = None
    _press(browser, "Send")
    eventually(lambda: platform.done and not browser.find_element("id", "text").get_property("value"))
    path, event = platform.done.pop()
    assert path == "/stage/v1/conversations/cv_2/events"
    assert (event["type"], event["text"]) == ("agent.message", "Good morning")
    eventually(lambda: not _text(browser, "trouble"))
    _press(browser, "Close conversation")
    browser.switch_to.alert.accept()
    eventually(lambda: platform.done)
    assert platform.done.pop()[1] == {"type": "chat.closed"}

    # A bot's conversation is nobody's to answer.
    _press(browser, "bot · Helper", "list")
    eventually(
        lambda: "bot Helper" in _text(browser, "head") and not browser.find_element("id", "reply").is_displayed()
    )

    _press(browser, "Failures", "tabs")
    _press(browser, "Replay", "failures")
    eventually(lambda: platform.done)
    assert platform.done.pop()[0] == "/stage/v1/failures/fa_1/replay"
    _press(browser, "Bots & desks", "tabs")
    platform.refuse = (409, "it was deactivated after failures; PATCH it first")
    eventually(lambda: "inactive" in _text(browser, "parties") and "People" in _text(browser, "parties"))
    assert "https://crm.example.com/parley" in _text(browser, "parties")
    assert len(browser.find_elements("css selector", "#parties button")) == 2, "a console desk has nothing to verify"
    _press(browser, "Verify", "parties")
    eventually(lambda: "409: it was deactivated" in _text(browser, "trouble"))

    _press(browser, "Sign out")
    assert browser.execute_script("return sessionStorage.length") == 0
    assert EVIL not in browser.page_source
    assert "pk_" not in browser.current_url and not [one for one in platform.addresses if "pk_" in one]
