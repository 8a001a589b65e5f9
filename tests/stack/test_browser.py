"""The chat page in a real browser against the running platform, with the demo's bot and its desk's page beside it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.demo import demo
from tests.stack.conftest import Platform, eventually

from tests.stack.browsers import Browsers, patiently, severe  # isort: skip

from selenium.webdriver import Chrome, Keys  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def about(platform: Platform) -> Iterator[dict[str, Any]]:
    """The demo's bot and desk as processes, and its bundle applied."""
    with demo(platform.up) as found:
        yield found


@pytest.fixture
def browser(platform: Platform, browsers: Browsers) -> Iterator[Chrome]:
    driver = browsers.lend(width=900, height=800)
    yield driver
    browsers.take_back(driver, platform.up.endpoint)


class Chat:
    """What a visitor sees of the chat page."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def all(self, selector: str) -> list[Any]:
        root = self.browser.find_element(By.CSS_SELECTOR, "[data-parley]").shadow_root
        return list(root.find_elements(By.CSS_SELECTOR, selector))

    def texts(self) -> list[str]:
        # Not as it is drawn: what came while another tab was in front has not faded in, and has no text for the driver.
        return [str(bubble.get_attribute("textContent")) for bubble in self.all(".bubble")]

    def write(self, text: str) -> None:
        (field,) = eventually(patiently(lambda: self.all("textarea")), "the field")
        field.send_keys(text + Keys.ENTER)

    def sees(self, text: str) -> None:
        eventually(
            patiently(lambda: text in str(self.all(".log")[0].get_attribute("textContent"))),
            f"{text!r} in the chat",
            within_s=20,
        )

    def press(self, title: str) -> None:
        def pressed() -> bool:
            for button in self.all("button"):
                if button.text == title and button.is_enabled():
                    button.click()
                    return True
            return False

        eventually(patiently(pressed), f"the button {title!r}")

    def polls(self) -> int:
        """How often the page has asked for what is new."""
        count = (
            "return performance.getEntriesByType('resource').filter((one) => one.name.includes('/messages?')).length"
        )
        return int(self.browser.execute_script(count))


class DeskPage:
    """The demo desk's page in a tab of its own. It reloads itself, so each look begins anew."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser, self.url = browser, url

    def shows(self, text: str) -> None:
        eventually(
            patiently(lambda: text in self.browser.find_element(By.TAG_NAME, "body").text), f"{text!r} at the desk"
        )

    def reply(self, text: str) -> None:
        # While the field has the focus the page does not reload itself.
        script = "const field = document.querySelector('input[name=text]'); field.focus(); field.value = arguments[0];"
        eventually(patiently(lambda: self.browser.execute_script(script + "return true", text)), "the desk's field")
        self.browser.find_element(By.CSS_SELECTOR, "input[name=text]").send_keys(Keys.ENTER)

    def close_the_chat(self) -> None:
        def closed() -> bool:
            self.browser.find_element(By.CSS_SELECTOR, "button[value=close]").click()
            return True

        eventually(patiently(closed), "Close")


def test_a_visit(browser: Chrome, about: dict[str, Any], tmp_path: Path) -> None:
    chat = Chat(browser)
    browser.get(about["chat_url"])
    chat.sees("Write something")
    chat.write("hello")
    chat.sees("You said: hello")

    chat.write("menu")
    chat.sees("What would you like?")
    chat.press("Good bye")
    chat.sees("Bye.")
    chat.write("to the contact centre, please")

    visitor = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(about["desk_url"])
    at_desk, desk = browser.current_window_handle, DeskPage(browser, about["desk_url"])
    desk.shows("You said: hello")
    desk.reply("Good day, I am Ana")
    desk.shows("Good day, I am Ana")

    browser.switch_to.window(visitor)
    chat.sees("Good day, I am Ana")
    chat.write("thank you")
    browser.switch_to.window(at_desk)
    desk.shows("thank you")
    desk.close_the_chat()
    desk.shows("Closed.")

    browser.switch_to.window(visitor)
    # Whether the thread is back is the bot's to show: until then the desk is asked.
    until = time.monotonic() + 15
    while not any("You said: and now" in text for text in chat.texts()):
        assert time.monotonic() < until, chat.texts()
        chat.write("and now")
        try:
            eventually(lambda: any("You said: and now" in text for text in chat.texts()), "the bot", within_s=3)
        except AssertionError:
            continue

    before = chat.texts()
    browser.refresh()
    chat.sees("You said: and now")
    eventually(patiently(lambda: chat.texts() == before), f"the history after a reload: {before}")
    picture = tmp_path / "chat.png"
    browser.save_screenshot(str(picture))
    logging.getLogger(__name__).info("a picture of the chat is in %s", picture)
    assert picture.stat().st_size > 10_000
    assert not severe(browser)


SOCKETS = """
window.opened = []; window.heard = [];
const Plain = WebSocket;
window.WebSocket = class extends Plain {
  constructor(url) {
    super(REFUSED ? url.replace("session=", "session=x") : url);
    window.opened.push(this);
    this.addEventListener("message", (event) => window.heard.push(JSON.parse(event.data).type));
  }
};
"""
"""Looks on at a page's sockets; where REFUSED is true they ask with a session that is none."""


def looking_on(browser: Chrome, *, refused: bool = False) -> None:
    source = SOCKETS.replace("REFUSED", "true" if refused else "false")
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})


def sockets(browser: Chrome) -> list[int]:
    """The states of the sockets that the page has opened: 1 is open, 3 is closed."""
    return [int(state) for state in browser.execute_script("return window.opened.map((one) => one.readyState)")]


def test_an_answer_comes_by_the_socket(browser: Chrome, about: dict[str, Any]) -> None:
    looking_on(browser)
    chat = Chat(browser)
    browser.get(about["chat_url"])
    chat.write("hello")
    chat.sees("You said: hello")
    eventually(lambda: "state" in browser.execute_script("return window.heard"), "the socket tells")
    asked = chat.polls()
    for text in ("one", "two"):
        chat.write(text)
        chat.sees(f"You said: {text}")
    assert (chat.polls(), sockets(browser)) == (asked, [1])
    browser.execute_script("window.opened[0].close()")
    eventually(lambda: sockets(browser) == [3, 1], "another socket")
    eventually(lambda: browser.execute_script("return window.heard.length > 0"), "it tells")
    chat.write("three")
    chat.sees("You said: three")
    assert [text for text in chat.texts() if "three" in text or "two" in text] == [
        "two", "You said: two", "three", "You said: three",
    ]  # fmt: skip


def test_without_a_socket_the_page_asks(browser: Chrome, about: dict[str, Any]) -> None:
    looking_on(browser, refused=True)
    chat = Chat(browser)
    browser.get(about["chat_url"])
    chat.write("hello")
    chat.sees("You said: hello")
    chat.write("still there?")
    chat.sees("You said: still there?")
    assert chat.polls() > 0
    assert sockets(browser) and set(sockets(browser)) <= {0, 3}


ASKS = """
const [method, address, headers, body, done] = arguments;
const sent = { method, headers, body: body ? JSON.stringify(body) : undefined };
fetch(address, sent).then(async (answer) => done([answer.status, await answer.text()]));
"""


def test_the_consoles_session_is_kept_by_the_browser_and_hidden_from_scripts(
    platform: Platform, browser: Chrome
) -> None:
    ours = {"X-Parley-Console": "1", "Content-Type": "application/json"}
    page = platform.up.sign_in_url().partition("#")[0]

    def ask(method: str, path: str, headers: dict[str, str] = ours, body: Any = None) -> tuple[int, str]:
        address = f"{platform.up.base_url}/{path}"
        status, text = browser.execute_async_script(ASKS, method, address, headers, body)
        return int(status), str(text)

    browser.get(page)
    assert browser.execute_script("return [...document.querySelectorAll('link, script')].length") >= 3
    assert ask("GET", "v1/services")[0] == 401
    assert ask("POST", "console/session", body={"key": platform.up.admin_key})[0] == 200
    assert browser.execute_script("return document.cookie") == ""
    (cookie,) = browser.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    browser.get(page)
    status, text = ask("GET", "console/session")
    assert status == 200 and '"role":"admin"' in text
    assert ask("GET", "v1/services", {})[0] == 403, "as any page of this origin could ask"
    assert ask("POST", "v1/services", body={"name": "By cookie"})[0] == 201
    assert ask("DELETE", "console/session")[0] == 204 and not browser.get_cookies()
    assert ask("GET", "console/session")[0] == 401
    said = [line["message"] for line in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert not [line for line in said if "Content Security Policy" in line or "/console/a/" in line], said
