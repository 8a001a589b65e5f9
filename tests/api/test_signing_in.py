"""Signing in as a real browser does it: what it sends where, and what is left in it; another site beside it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.console import issuer as asked_issuer
from chalicelib.api.http import base_url
from chalicelib.ports import aws, parameters
from chalicelib.ports.clock import now_ms
from chalicelib.ports.settings import settings
from chalicelib.tables import sign_links
from chalicelib.tables.config import Resource
from infra import vendored
from tests.http_api import Client
from tests.issuer import CLIENT, SECRET, Issuer, issuing
from tests.outside import Answer, Heard
from tests.stack.browsers import opened, patiently, severe
from tests.stack.conftest import eventually

from selenium.webdriver import Chrome, Keys  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip


@dataclass
class Served:
    """The application behind a real port, and what it was sent."""

    url: str
    heard: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def served(client: Client) -> Iterator[Served]:
    made = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            sent = {name.lower(): value for name, value in self.headers.items()}
            made.heard.append(sent | {"path": self.path})
            answer = client.request(self.command, self.path, sent, raw)
            self.send_response(answer.status_code)
            headers = {"Content-Length": str(len(answer.body))} | answer.headers
            for name, value in [*headers.items(), *(("Set-Cookie", one) for one in answer.cookies)]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_DELETE = do_PATCH = do_OPTIONS = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    vendored.place()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    Resource("parley", "settings", body={"base_url": made.url}).save()
    base_url.forget()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with issuing("localhost") as made:
        for name, value in {"ISSUER": made.url, "CLIENT_ID": CLIENT, "NAME": "Example"}.items():
            monkeypatch.setenv(f"PARLEY_OIDC_{name}", value)
        settings.cache_clear()
        asked_issuer.forget()
        parameters.forget()
        aws.client("ssm").put_parameter(
            Name="/parley/test/oidc-client-secret", Value=SECRET, Type="SecureString", Overwrite=True
        )
        yield made
    monkeypatch.undo()
    settings.cache_clear()


EVIL = """<!doctype html><title>evil</title><script>
const asked = (method, path, headers, body) =>
  fetch("BASE" + path, { method, headers, body, credentials: "include" })
    .then((answer) => answer.text(), () => "refused");
const json = { "Content-Type": "application/json", "X-Parley-Console": "1" };
Promise.all([
  asked("POST", "/v1/services", json, '{"name": "evil"}'),
  asked("POST", "/v1/services", { "Content-Type": "text/plain" }, '{"name": "evil"}'),
  asked("GET", "/console/session", json), asked("GET", "/console/session", {}),
  asked("DELETE", "/console/session", json),
  asked("POST", "/console/session", { "Content-Type": "text/plain" }, "{}"),
]).then((found) => { document.title = JSON.stringify(found); });
</script>"""


def test_what_a_browser_sends_and_keeps(api: Any, service: str, served: Served, there: Issuer, tmp_path: Path) -> None:
    api.make("people", service_id=service, name="Ana Sousa", role="admin", email="ana@example.com")
    answers = there.answer

    def answer(heard: Heard) -> Answer:
        if heard.path == "/evil":
            return 200, EVIL.replace("BASE", served.url).encode(), {"Content-Type": "text/html"}
        return answers(heard)

    there.outside.answer = answer
    browser = opened(tmp_path / "profile", width=1440, height=900)
    try:
        browser.get(f"{served.url}/console#/{service}/people")
        _sees(browser, "Sign in with Example", "Or with a key")
        browser.execute_script("sessionStorage.setItem('draft cv_1', 'somebody else has begun this')")
        browser.find_element(By.LINK_TEXT, "Sign in with Example").click()
        # Where one wanted to be.
        _sees(browser, "Ana Sousa", "ana@example.com")
        assert browser.current_url == f"{served.url}/console#/{service}/people"
        assert browser.execute_script("return sessionStorage.getItem('draft cv_1')") is None
        # Of nothing but that nobody was signed in.
        assert not [line for line in severe(browser) if "/console/session" not in line]
        _nothing_is_left(browser, served, "code=", there.asked[0]["state"])
        assert not [one for one in there.outside.heard if "referer" in one.headers]

        # Another site, while somebody is signed in.
        browser.get(f"{there.url}/evil")
        (*refused,) = json.loads(eventually(patiently(lambda: browser.title[:1] == "[" and browser.title), "answers"))
        assert refused == ["refused"] * 6, refused
        assert len(api("GET", "/v1/services").body["data"]) == 1
        browser.get(f"{served.url}/console")
        _sees(browser, "Ana Sousa")

        # By a link that signs in once, as `make run` prints it; then with the key itself.
        word, row = sign_links.made(api.key.split("_")[1], now_ms=now_ms())
        row.save()
        link = f"{served.url}/console#key={word}"
        for _ in range(2):
            browser.get("about:blank")
            browser.get(link)
            _sees(browser, "test", "Overview")
            _nothing_is_left(browser, served, "key=", api.key)
        browser.delete_all_cookies()
        browser.get("about:blank")
        browser.get(link)
        _sees(browser, "a link signs in once")
        browser.find_element(By.ID, "key").send_keys(api.key, Keys.ENTER)
        _sees(browser, "test", "Overview")
        _nothing_is_left(browser, served, "key=", api.key)
    finally:
        browser.quit()
    assert not [one for one in served.heard if api.key in one["path"]]
    kept = [
        path for path in (tmp_path / "profile").rglob("*") if path.is_file() and api.key.encode() in path.read_bytes()
    ]
    assert kept == [], "on disk neither"


def _sees(browser: Chrome, *words: str) -> None:
    def look() -> bool:
        text = browser.find_element(By.TAG_NAME, "body").text
        return all(word in text for word in words)

    eventually(patiently(look), f"{words} in the page")


def _nothing_is_left(browser: Chrome, served: Served, *secrets: str) -> None:
    """Neither in what scripts can read, nor in the history, nor in what is told of where one comes from."""
    kept: Any = browser.execute_script("""
      return JSON.stringify(
        [document.cookie, {...localStorage}, {...sessionStorage}, location.href, document.referrer])""")
    entries = browser.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
    history = json.dumps([one["url"] for one in entries])
    referers = [one["referer"] for one in served.heard if "referer" in one]
    for secret in (*secrets, *(one["value"] for one in browser.get_cookies())):
        assert secret not in kept + history + str(referers), secret
    assert kept.startswith('["",')
    (cookie,) = browser.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
