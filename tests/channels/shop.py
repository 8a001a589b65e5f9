"""A small site with the widget on it, which reads posts with the real adapter, and what a visitor sees."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.channels import webchat
from chalicelib.channels.contract import Channel, Denied, Request, Said, Status
from chalicelib.channels.webchat import pages

pytest.importorskip("selenium", reason="selenium is not installed")
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not BROWSER or not DRIVER:
    pytest.skip("needs Debian's chromium and chromedriver", allow_module_level=True)

from selenium.webdriver import Chrome as Chrome  # noqa: E402
from selenium.webdriver import ChromeOptions, ChromeService  # noqa: E402
from selenium.webdriver import Keys as Keys  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

CHANNEL = Channel("chn_1", {"title": "Help & more", "greeting": "Hello! How can we help?", "colour": "#ffcc00"}, {})
ROOT = "/channels/chn_1"
HOST_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self' http://localhost:*"
EXAMPLES = sorted((Path(webchat.__file__).parent / "examples").glob("pull__*.json"))


@dataclass(frozen=True)
class Poll:
    """A poll as it came."""

    after: str
    wait_s: int
    include: str


class Site:
    """What the server knows and does; a test sets `trouble` and reads `posts`."""

    def __init__(self) -> None:
        self.channel, self.language = CHANNEL, "en"
        self.identity: str | None = None
        """What the shop's server says of the visitor."""
        self.files: dict[str, bytes] = {}
        """What was put, by `<message's id of the page>/<number>`."""
        self.people: list[str] = []
        """Names of those who wrote, as signed."""
        self.messages: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.trouble: list[int] = []
        """Statuses that the next posts are answered with; a negative one is kept before the answer is lost."""
        self.reads: list[str] = []
        self.polls: list[Poll] = []
        self.poll_trouble: list[int] = []
        """Statuses that the next polls are answered with; 429 and 503 with a Retry-After of 2 s."""
        self.live_url = ""
        """Where the widget opens its socket; it polls where that is empty."""
        self.sockets: list[PageSocket] = []
        """Those that are open."""
        self.asked: list[str] = []
        """Cursors with which sockets were asked for."""
        self.refuses, self.silent, self.known = False, False, True
        """Whether no socket is let in; whether those that are hear nothing of what is said; whether pings find them."""
        self.frames: list[dict[str, Any]] = []
        """What pages sent."""

    def say(self, text: str = "", direction: str = "out", **more: Any) -> None:
        """Add a message to the thread."""
        message = {"direction": direction, "author": {"kind": "bot", "name": None}, "type": "text", "text": text,
                   "content": {}, "media": [], "state": "pending"} | more  # fmt: skip
        self.messages.append({"id": f"msg_{len(self.messages) + 1}"} | message)
        for one in [] if self.silent else [*self.sockets]:
            self.tell(one, len(self.messages) - 1)

    def tell(self, socket: PageSocket, after: int) -> None:
        """Tell a socket what lies behind a cursor."""
        page = self.after(after, ["events"], 0)
        if any(_kind(one) != "all" for one in self.messages[after:]):
            socket.send({"type": "messages", "after": str(after)} | page)

    def opened(self, socket: PageSocket, after: str) -> None:
        """Tell a new socket what it has missed."""
        self.asked.append(after)
        self.sockets.append(socket)
        self.tell(socket, int(after))
        socket.send({"type": "state", "owner": "bot"})

    def sent(self, socket: PageSocket, frame: dict[str, Any]) -> None:
        """Answer what a page sends."""
        self.frames.append(frame)
        if frame["type"] == "ping":
            known = {"type": "pong"} if self.known else {"type": "error", "code": "unknown_connection"}
            socket.send(known)

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer a post as the edge does."""
        self.posts.append(json.loads(body))
        wanted = self.trouble.pop(0) if self.trouble else 202
        if wanted > 299:
            return wanted, {"code": "trouble"}
        received = webchat.receive(Request("POST", headers, {}, body, int(time.time() * 1000)), self.channel)
        if isinstance(received, Denied):
            return received.status, {"code": received.code, "detail": received.detail}
        answer: Any = received.response.body
        for event in received.events:
            if isinstance(event, Status):
                self.reads.append(event.provider_id)
                self.messages = [
                    one | {"state": "read"} if one["id"] == event.provider_id else one for one in self.messages
                ]
            if isinstance(event, Said):
                self.people.append(event.name)
                answer = answer | {"message_id": self.hear(event)}
        return (received.response.status, answer) if wanted > 0 else (-wanted, {})

    def hear(self, event: Said) -> str:
        """Take what the visitor said into the thread, once; gives the message's id."""
        given = event.provider_id.split(".", 1)[1]
        for message in self.messages:
            if message.get("client_id") == given:
                return str(message["id"])
        content = event.content
        about = {"author": {"kind": "user"}, "type": content.type, "content": content.details, "client_id": given}
        self.say(content.text, "in", **about)
        return str(self.messages[-1]["id"])

    def after(self, cursor: int, include: list[str], wait_s: float) -> dict[str, Any]:
        """Answer a poll as the edge does."""
        until = time.monotonic() + min(wait_s, 0.5)
        while True:
            page = self.messages[cursor:]
            shown = [one for one in page if _kind(one) in (*include, "out")]
            cursor += len(page)
            if shown or time.monotonic() >= until:
                return {"data": shown, "next": str(cursor)}
            time.sleep(0.02)


def _kind(message: dict[str, Any]) -> str:
    return "out" if message["direction"] == "out" else "events" if message["type"] == "event" else "all"


class PageSocket:
    """The server's end of a page's WebSocket (https://www.rfc-editor.org/rfc/rfc6455), as far as a page goes."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._in, self._out, self._wire = handler.rfile, handler.wfile, handler.connection
        key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        lines = "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"
        self._out.write("\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", "", "")).encode())
        self._out.flush()

    def send(self, frame: dict[str, Any]) -> None:
        """Tell the page something."""
        data = json.dumps(frame).encode()
        head = bytes([0x81, len(data)]) if len(data) < 126 else struct.pack("!BBH", 0x81, 126, len(data))
        with suppress(OSError, ValueError):
            self._out.write(head + data)
            self._out.flush()

    def close(self) -> None:
        """End it, as a network does that breaks."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def frames(self) -> Iterator[dict[str, Any]]:
        """What the page sends, until it goes."""
        with suppress(OSError):
            while len(head := self._in.read(2)) == 2:
                length = head[1] & 0x7F
                if length == 126:
                    (length,) = struct.unpack("!H", self._in.read(2))
                mask, data = self._in.read(4), self._in.read(length)
                if head[0] & 0x0F == 8:
                    return
                yield json.loads(bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))


class Answering(BaseHTTPRequestHandler):
    """The site over HTTP."""

    site: Site

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        live_url = self.site.live_url
        if path == f"{ROOT}/widget.js":
            self.answer(200, pages.widget_js(self.site.channel, live_url=live_url), "text/javascript")
        elif path == f"{ROOT}/chat":
            policy = pages.page_policy(live_url)
            self.answer(200, pages.chat_page(self.site.channel, "widget.js"), "text/html", policy)
        elif path == "/live" and not self.site.refuses:
            self.live({key: values[0] for key, values in query.items()})
        elif path == f"{ROOT}/messages":
            given = {key: values[0] for key, values in query.items()}
            self.poll(given.get("after", ""), int(given["wait_s"]), given.get("include", ""))
        elif path == "/shop":
            begin = f'<!doctype html><html lang="{self.site.language}"><title>Shop</title><h1>Shop</h1>'
            signed = "" if self.site.identity is None else f' data-identity="{self.site.identity}"'
            page = f'{begin}<script src="{ROOT}/widget.js"{signed} async></script>'
            self.answer(200, page, "text/html", HOST_POLICY)
        else:
            self.answer(404, "nothing here", "text/plain")

    def poll(self, after: str, wait_s: int, include: str) -> None:
        self.site.polls.append(Poll(after, wait_s, include))
        if self.site.poll_trouble:
            self.answer(self.site.poll_trouble.pop(0), "{}", "application/json")
        else:
            data = self.site.after(int(after or 0), include.split(","), wait_s)
            self.answer(200, json.dumps(data), "application/json")

    def live(self, query: dict[str, str]) -> None:
        """Hold a page's socket until it goes."""
        site, socket = self.site, PageSocket(self)
        assert (query["channel"], query["include"]) == (CHANNEL.id, "events") and len(query["session"]) == 43
        site.opened(socket, query["after"])
        try:
            for frame in socket.frames():
                site.sent(socket, frame)
        finally:
            site.sockets = [one for one in site.sockets if one is not socket]
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == f"{ROOT}/files":
            given = json.loads(body)
            # The bucket has an origin of its own; here it is the same machine under its other name.
            bucket = f"http://localhost:{self.headers['host'].partition(':')[2]}/bucket"
            places = [{"url": bucket, "fields": {"key": f"{given['id']}/{n}"}} for n in range(len(given["files"]))]
            status = self.site.trouble.pop(0) if self.site.trouble else 200
            self.answer(status, json.dumps({"files": places}), "application/json")
        elif self.path == "/bucket":
            parts = body.split(b"--" + self.headers["content-type"].partition("boundary=")[2].encode())
            key, file = (part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[1:3])
            self.site.files[key.decode()] = file
            self.answer(204, "", "text/plain")
        else:
            status, data = self.site.post(body, {name.lower(): value for name, value in self.headers.items()})
            self.answer(status, json.dumps(data), "application/json")

    def answer(self, status: int, body: str, kind: str, policy: str = "") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Cache-Control", "no-store")  # another test's site is another one
            if status in (429, 503):
                self.send_header("Retry-After", "2")
            if self.path == "/bucket":
                self.send_header("Access-Control-Allow-Origin", "*")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was left while it waited

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def started() -> Chrome:
    """A browser without a window."""
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"):
        options.add_argument(flag)
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--force-prefers-reduced-motion")  # what is not there yet in an animation counts as hidden
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=ChromeService(str(DRIVER)))


def eventually(check: Callable[[], Any], within_s: float = 8) -> Any:
    """What `check` gives as soon as it gives something."""
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, f"not within {within_s} s"
        time.sleep(0.03)
    return found


@contextmanager
def offline(browser: Chrome) -> Iterator[None]:
    """Without a network for a while."""
    browser.set_network_conditions(offline=True, latency=0, throughput=10**7)
    try:
        yield
    finally:
        browser.set_network_conditions(offline=False, latency=0, throughput=10**7)


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

    def states(self) -> list[str]:
        """Of the visitor's messages."""
        return [str(node.get_attribute("data-state")) for node in self.all(".row.me")]

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


def visit(browser: Chrome, base: str) -> Widget:
    """The shop's page with its chat opened, in a session that may have begun before."""
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    widget.one(".launcher").click()
    return widget


def opened(browser: Chrome, base: str) -> Widget:
    browser.get(f"{base}{ROOT}/chat")
    return Widget(browser)
