"""The phones of `make run` in a real browser: somebody writes on one, the bot and an agent answer, and the ticks come
back to the console. No account of any provider is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local.phones import phones, phones_port
from tests.outside import Answer, Heard
from tests.stack.browsers import patiently, severe
from tests.stack.conftest import TOKEN, eventually
from tests.stack.test_console import AXE_RUN, SIZES, Console, Office, _looked_at, axe, office, seat  # noqa: F401

from selenium.webdriver import Chrome, Keys  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("pages")]
COLD_S = 60
"""The first message that passes here may be the first of the whole stack."""
BUTTONS = [{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": "ship"}]


def bot(heard: Heard) -> Answer:
    """Asks with buttons, says what was pressed, and hands over who asks for a human."""
    event, said = heard.json, str(heard.json.get("PostbackPayload") or heard.json.get("Message"))
    events: list[dict[str, Any]] = []
    if event.get("ConversationType") == "BOT" and event.get("Event") in ("Incoming message", "FB POSTBACK"):
        talk: dict[str, Any] = {"eventid": "1001", "message": f"you said {said}"}
        asks = {"eventid": "1001", "message": "Which?", "Messagetype": "buttons", "Buttons": BUTTONS}
        events = [{"eventid": "1002"} if said == "human" else asks if said == "menu" else talk]
    conversation = {"conversation_id": event.get("Conversationid")}
    return 200, {"verification_token": TOKEN, "events": [conversation | one for one in events]}


class Unit:
    """One phone on the page."""

    def __init__(self, browser: Chrome, kind: str) -> None:
        self.browser, self.selector = browser, f".unit.{kind}"

    def text(self) -> str:
        """All that is to be read on it."""
        return str(self.browser.find_element(By.CSS_SELECTOR, f"{self.selector} .screen").text)

    def sees(self, word: str) -> None:
        """Wait until it is to be read."""
        try:
            seen = patiently(lambda: word in self.text())
            eventually(seen, f"{word!r} on the phone of {self.selector}", within_s=COLD_S)
        except AssertionError as error:
            raise AssertionError(f"{error}; there was {self.text()!r}") from error

    def writes(self, text: str) -> None:
        """Write and send."""
        self.browser.find_element(By.CSS_SELECTOR, f"{self.selector} .ask input[type=text]").send_keys(text, Keys.ENTER)

    def click(self, selector: str, text: str = "") -> None:
        """Press the last of these with a text."""

        def clicked() -> bool:
            found = self.browser.find_elements(By.CSS_SELECTOR, f"{self.selector} {selector}")
            named = [one for one in found if text in one.text]
            for one in named[-1:]:
                one.click()
            return bool(named)

        eventually(patiently(clicked), f"{selector} {text!r}")


def test_from_a_phone_to_the_bot_to_an_agent_and_back(
    office: Office,  # noqa: F811
    seat: Callable[..., Console],  # noqa: F811
    axe: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    office.bot_end.answer = bot
    with phones(tmp_path, port=phones_port(tmp_path, port=0)) as there:
        for channel in there.channels:
            office.platform.make("channels", service_id=office.service, **channel)
        assert there.told(office.platform.up, office.service) == {"phones_url": there.url}
        listed = office.platform.get(f"/v1/channels?service_id={office.service}")["data"]
        assert {one["status"] for one in listed} == {"active"}
        maya = seat("Maya")
        browser = maya.browser
        console = browser.current_window_handle
        browser.switch_to.new_window("tab")
        browser.get(there.url)
        whatsapp, telegram = Unit(browser, "whatsapp"), Unit(browser, "telegram")
        whatsapp.sees("+44 7700")
        telegram.writes("hello")
        whatsapp.writes("menu")
        telegram.sees("you said hello")
        whatsapp.sees("Which?")
        whatsapp.click(".opts button", "Delivery")
        whatsapp.sees("you said ship")
        whatsapp.writes("human")
        offered = patiently(lambda: office._offered())
        [conversation] = eventually(offered, "a conversation of the desk")

        browser.switch_to.window(console)
        maya.open(conversation)
        maya.press("c")
        maya.sees("You have it", "Return to bot")
        maya.writes("Good day, I am Maya")
        shown = f"/v1/messages?conversation_id={conversation}"
        read = lambda: [one for one in office.platform.get(shown)["data"] if one["state"] == "read"]  # noqa: E731
        eventually(read, "that it was read came back")
        stream = "return document.querySelector('.conv .stream').innerText"
        eventually(patiently(lambda: "read" in str(browser.execute_script(stream))), "and stands below it")
        assert not severe(browser)

        phones_tab = next(one for one in browser.window_handles if one != console)
        browser.switch_to.window(phones_tab)
        whatsapp.sees("Good day, I am Maya")
        whatsapp.click(".foot .more")
        whatsapp.click(".ask .bare")
        browser.execute_script("document.querySelectorAll('.faults').forEach((one) => { one.open = true; })")
        browser.execute_script(axe)
        for width, height, scheme in SIZES:
            _looked_at(browser, width, height, {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"})
            assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), width
            wrong = browser.execute_async_script(AXE_RUN)
            assert not wrong, (width, scheme, wrong)
        others = "return performance.getEntriesByType('resource').map((one) => one.name)"
        assert {url for url in browser.execute_script(others) if not url.startswith(there.url)} == set()
        assert not severe(browser)
