"""`make screenshots`: the pictures of docs/console.md and README.md, taken of the real pages on the running stack.

A water company's chats are played as they would happen: a bot that answers, one that fails, people who ask for people.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from infra.local.phones import phones, phones_port
from infra.local.stack import Stack, stack
from infra.reads import ROOT
from tests.outside import Answer, Heard, serving
from tests.stack.browsers import opened

from selenium.webdriver import Chrome, Keys  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip
from selenium.webdriver.support import expected_conditions  # isort: skip
from selenium.webdriver.support.ui import WebDriverWait  # isort: skip

IMAGES = ROOT / "docs" / "images"
TOKEN = "the-bots-own-token"
WIDE, PHONE = (1440, 900), (390, 844)
PEOPLE = {
    "Inês Carvalho": ["Hello", "Water comes through my ceiling", "human", "It is getting worse"],
    "Jonas Eklund": ["A question about the reading of March", "human"],
    "Marta Oliveira": ["human", "Is somebody there?"],
    "Ibrahim Yusuf": ["Meter 0042 reads 1 885", "human"],
    "Lena Fischer": ["The tap has been brown since yesterday"],
}


def bot(heard: Heard) -> Answer:
    """Answers, hands over who asks for a human, and fails over brown water."""
    event = heard.json
    said, conversation = str(event.get("Message")), {"conversation_id": event.get("Conversationid")}
    if "brown" in said:
        return 502, b"<html><head><title>502 Bad Gateway</title></head></html>"
    events: list[dict[str, Any]] = []
    if event.get("Event") == "Incoming message" and event.get("ConversationType") == "BOT":
        told = "A crew can be with you today. Is the leak inside your home, or on the street?"
        events = [{"eventid": "1001", "message": told}] if said != "human" else [{"eventid": "1002"}]
        if "no water" in said:
            buttons = [{"title": one, "payload": one} for one in ("The whole street", "My home")]
            events[0] |= {"message": "Is it the whole street, or your home alone?", "Buttons": buttons}
    return 200, {"verification_token": TOKEN, "events": [conversation | one for one in events]}


class Company:
    """The company's service on a stack."""

    def __init__(self, up: Stack, bot_url: str) -> None:
        self.up = up
        self.service = self._make("services", name="Marlow Water")["id"]
        self.channel = self.made("channels", kind="webchat", name="Chat on the site")["id"]
        made = self.made("bots", name="Intake bot", profile="imi", webhook_url=bot_url, verification_token=TOKEN)
        self.bot = made["id"]
        self.call("POST", f"/v1/bots/{self.bot}/verify", {})
        desk = self.made("desks", kind="console", name="Front office", first_reply_within_s=300)["id"]
        self.made("desks", kind="console", name="Billing")
        person = self.made("people", name="Maya Chen", role="admin")["id"]
        self.key = self.made("keys", name="Maya Chen", scopes=["admin"], person_id=person)["key"]
        asks = {"in": ["pessoa", {"var": "message.text"}]}
        self.made("rules", name="Asks for a person in Portuguese", to="desk", desk_id=desk, when=asks)
        self.made("rules", name="Everything else", to="bot+desk", bot_id=self.bot, desk_id=desk)
        self.made("replies", shortcut="valve", text="Please close the valve under the sink first, {first_name}.")
        for name, texts in PEOPLE.items():
            self._play(name, texts)

    def call(self, method: str, path: str, body: Any, *, key: bool = True) -> Any:
        """A call of the API."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.up.admin_key}"} if key else {}
        request = urllib.request.Request(self.up.base_url + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def _make(self, plural: str, **fields: Any) -> Any:
        return self.call("POST", f"/v1/{plural}", fields)

    def made(self, plural: str, **fields: Any) -> Any:
        """Make something of the service."""
        return self._make(plural, service_id=self.service, **fields)

    def _play(self, name: str, texts: list[str]) -> None:
        session = ""
        for text in texts:
            body = {"text": text} | ({"session": session} if session else {})
            session = self.call("POST", f"/channels/{self.channel}/webhook", body, key=False)["session"]
            self._answered(session)
            if text == texts[0]:
                # Who has just come, as a form or another system would tell of them.
                (newest,) = self.call("GET", f"/v1/contacts?service_id={self.service}&limit=1", None)["data"]
                known = {"name": name, "attributes": {"account": "4417-0093"}, "tags": ["paperless"]}
                self.call("PATCH", f"/v1/contacts/{newest['id']}", known)

    def _answered(self, session: str) -> None:
        """Wait until the bot has had time to say something; some never do."""
        path, before = f"/channels/{self.channel}/messages?session={session}", -1
        for _ in range(8):
            time.sleep(0.5)
            said = len(self.call("GET", path, None, key=False)["data"])
            if said == before > 0:
                return
            before = said


class Page:
    """A browser at the company's console."""

    def __init__(self, company: Company, folder: Path, size: tuple[int, int], *, dark: bool = False) -> None:
        self.company, self.browser = company, opened(folder, width=size[0], height=size[1] + 90)
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1.5, "mobile": width < 720}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        if dark:
            scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        self.browser.get(f"{company.up.console_url}#key={company.key}")
        time.sleep(4)

    def at(self, page: str) -> Chrome:
        """Go to a page, and wait until it is drawn."""
        self.browser.get(f"{self.company.up.console_url}#/{self.company.service}/{page}")
        time.sleep(3)
        return self.browser

    def click(self, selector: str) -> None:
        """Click the first of these once it is there, and wait until what comes of it is drawn."""
        found = expected_conditions.element_to_be_clickable((By.CSS_SELECTOR, selector))
        WebDriverWait(self.browser, 30).until(found).click()
        time.sleep(3)

    def keep(self, name: str) -> None:
        """Take the picture."""
        self.browser.save_screenshot(str(IMAGES / f"console-{name}.png"))


def telephones(company: Company, folder: Path) -> None:
    """The phones of simulated people, once the bot has answered on each."""
    folder.mkdir()
    with phones(folder, port=phones_port(folder, port=0)) as there:
        for channel in there.channels:
            company.made("channels", **channel)
        there.told(company.up, company.service)
        browser = opened(folder / "profile", width=WIDE[0], height=WIDE[1])
        metrics = {"width": WIDE[0], "height": 860, "deviceScaleFactor": 1.5, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(there.url)
        units = WebDriverWait(browser, 30).until(lambda one: one.find_elements(By.CSS_SELECTOR, ".unit"))
        for unit in units:
            for dials in unit.find_elements(By.CSS_SELECTOR, ".take"):
                dials.click()
                WebDriverWait(browser, 90).until(lambda one: "they listen" in one.page_source)
            area = unit.find_element(By.CSS_SELECTOR, ".ask input[type=text]")
            area.send_keys("My street has no water", Keys.ENTER)
        asked = (
            "return [...document.querySelectorAll('.talk')].filter((one) => one.innerText.includes('alone?')).length"
        )
        WebDriverWait(browser, 90).until(lambda one: one.execute_script(asked) >= len(units))
        time.sleep(3)
        browser.execute_script("document.querySelector('main').scrollLeft = 0")
        time.sleep(1)
        browser.save_screenshot(str(IMAGES / "phones.png"))
        browser.quit()


def main() -> int:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder, serving() as bot_end, stack() as up:
        bot_end.answer = bot
        company = Company(up, bot_end.url)
        for theme in ("light", "dark"):
            page = Page(company, Path(folder) / theme, WIDE, dark=theme == "dark")
            browser = page.at("inbox")
            page.click(".ilist .item")
            if theme == "light":
                page.click(".compose .btn.main")
                area = browser.find_element(By.CSS_SELECTOR, ".compose textarea")
                area.send_keys("Hello Inês, I am Maya. Please close the valve under the sink first.")
                page.click(".compose .cb .btn.main")
            page.keep("inbox" if theme == "light" else "inbox-dark")
            for name in ("overview", "rules", f"bots/{company.bot}", "first") if theme == "light" else ():
                page.at(name)
                page.keep(name.partition("/")[0])
            browser.quit()
        phone = Page(company, Path(folder) / "phone", PHONE)
        phone.at("inbox")
        phone.click(".ilist .item")
        phone.keep("phone")
        phone.browser.quit()
        telephones(company, Path(folder) / "telephones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
