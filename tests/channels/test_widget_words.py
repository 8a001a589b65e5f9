"""Languages, directions, colours, sounds, keys and names: that everybody can use the widget."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.webchat import pages
from chalicelib.channels.webchat.settings import Settings
from tests.channels.shop import CHANNEL, Chrome, Keys, Site, Widget, eventually, opened

browsed = pytest.mark.xdist_group("browser")
FOLDER = Path(pages.__file__).parents[2] / "console" / "webchat"
UNREADABLE = """
const root = document.querySelector('[data-parley]').shadowRoot, found = [];
const parts = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return {rgb: [r, g, b], a}; };
const light = (rgb) => rgb.map((one) => one / 255)
  .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (node) => { for (; node; node = node.parentElement) {
  const {rgb, a} = parts(getComputedStyle(node).backgroundColor); if (a === 1) return rgb; } return [255, 255, 255]; };
for (const node of root.querySelectorAll('*')) {
  const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  if (!(own || node.tagName === 'svg') || !node.checkVisibility() || node.closest('.unseen')) continue;
  const [low, high] = [light(parts(getComputedStyle(node).color).rgb), light(ground(node))].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < 4.5) found.push(`${node.className || node.tagName} ${ratio.toFixed(2)}`);
}
return found;
"""


def looks(site: Site, **settings: Any) -> None:
    """Set the channel up."""
    site.channel = replace(CHANNEL, settings={**CHANNEL.settings, **settings})


def test_every_language_says_everything() -> None:
    english = pages.words("en")
    used = set(re.findall(r"words\.([a-z_]+)", "".join(path.read_text() for path in FOLDER.glob("*.js"))))
    assert used - {"en"} <= set(english)
    assert {path.stem for path in (FOLDER / "words").glob("*.json")} == set(pages.LANGUAGES)
    for language in pages.LANGUAGES:
        words = pages.words(language)
        assert list(words) == list(english)
        for key, text in words.items():
            assert text.strip() == text != ""
            assert text.count("{name}") == english[key].count("{name}"), f"{language}: {key}"
            Settings.model_validate({"labels": {key: text}})


@pytest.mark.parametrize("language", ["", *pages.LANGUAGES])
def test_it_is_small(language: str) -> None:
    script = pages.widget_js(replace(CHANNEL, settings={"language": language}))
    assert len(gzip.compress(script.encode())) <= 20_000
    assert all(len(path.read_text().splitlines()) < 300 for path in FOLDER.glob("*.*"))


@browsed
@pytest.mark.parametrize(
    ("setting", "page", "send", "direction"),
    [
        ("", "en", "Send", "ltr"),
        ("", "de-AT", "Senden", "ltr"),
        ("es", "de", "Enviar", "ltr"),
        ("", "fr", "Send", "ltr"),
        ("ar", "en", "إرسال", "rtl"),
    ],
)
def test_it_speaks_the_channels_language_or_the_pages(
    browser: Chrome, site: Site, base: str, setting: str, page: str, send: str, direction: str
) -> None:
    looks(site, language=setting)
    site.language = page
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    widget.one(".launcher").click()
    assert widget.one(".write [type=submit]").accessible_name == send
    assert widget.one(".panel").value_of_css_property("direction") == direction


@browsed
def test_right_to_left_the_sides_change_and_texts_keep_their_own(browser: Chrome, site: Site, base: str) -> None:
    looks(site, language="ar")
    widget = opened(browser, base)
    widget.write("مرحبا")
    widget.one("[data-state=sent]")
    site.say("Hello")
    eventually(lambda: len(widget.bubbles()) == 2)
    mine, theirs = [bubble.rect["x"] for bubble in widget.all(".bubble")]
    assert mine < theirs
    assert [node.value_of_css_property("direction") for node in widget.all(".bubble p")] == ["rtl", "ltr"]


@browsed
@pytest.mark.parametrize("colour", ["#2b57d0", "#ffcc00", "#777777"])
def test_everything_can_be_read_by_day_and_by_night(browser: Chrome, site: Site, base: str, colour: str) -> None:
    for theme, ground in (("light", "rgba(255, 255, 255, 1)"), ("dark", "rgba(22, 26, 33, 1)")):
        looks(site, colour=colour, theme=theme)
        site.messages, site.trouble = [], []
        browser.execute_script("localStorage.clear(); localStorage['parley:chn_1:session'] = 'T'.repeat(43)")
        buttons = [{"title": "Go", "url": "https://example.org"}, {"title": "Yes", "payload": "yes"}]
        site.say("Hi https://example.org", state="read", type="buttons", content={"buttons": buttons})
        site.say("", "in", author={"kind": "system"}, type="event", content={"name": "handover"})
        widget = opened(browser, base)
        eventually(lambda: len(widget.all(".row")) == 2)  # noqa: B023
        site.trouble = [403]
        widget.one(".choices button").click()
        eventually(lambda: widget.states() == ["failed"])  # noqa: B023
        assert widget.one(".panel").value_of_css_property("background-color") == ground
        assert browser.execute_script(UNREADABLE) == []


@browsed
def test_it_follows_the_system_from_day_to_night(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    for scheme, ground in (("dark", "rgba(22, 26, 33, 1)"), ("light", "rgba(255, 255, 255, 1)")):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        eventually(lambda: widget.one(".panel").value_of_css_property("background-color") == ground)  # noqa: B023
        around = browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
        assert around == {"dark": "rgb(14, 17, 22)", "light": "rgb(244, 245, 248)"}[scheme]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@browsed
def test_who_looks_elsewhere_hears_and_sees_it_in_the_title(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    widget.one("[data-state=sent]")
    browser.execute_script("window.heard = 0; AudioContext = class { constructor() { heard += 1; throw 0; } }")
    browser.execute_script("document.hasFocus = () => false")
    site.say("One")
    eventually(lambda: browser.title == "(1) Help & more")
    assert browser.execute_script("return heard") == 0, "off unless wanted"
    widget.one(".bell").click()
    assert widget.one(".bell").get_attribute("aria-pressed") == "true"
    assert browser.execute_script("return heard") == 1, "so it sounds"
    site.say("Two")
    eventually(lambda: browser.title == "(2) Help & more")
    assert browser.execute_script("return heard") == 2
    browser.execute_script("window.dispatchEvent(new Event('focus'))")
    assert browser.title == "Help & more"
    widget = opened(browser, base)
    assert widget.one(".bell").get_attribute("aria-pressed") == "true"


@browsed
def test_it_works_by_keys_alone_and_everything_has_a_name(browser: Chrome, site: Site, base: str) -> None:
    browser.get(f"{base}/shop")
    widget = Widget(browser)
    launcher = widget.one(".launcher")
    launcher.send_keys(Keys.ENTER)
    panel = widget.one(".panel")
    assert (panel.aria_role, panel.accessible_name) == ("dialog", "Help & more")
    assert widget.focused() == "input"
    widget.write("Hi")
    site.say("Well?", type="buttons", content={"buttons": [{"title": "Yes", "payload": "yes"}]})
    widget.one(".choices button").send_keys(Keys.ENTER)
    eventually(lambda: widget.states() == ["sent", "sent"])
    for node in widget.all("button, textarea, a, [role]"):
        assert node.accessible_name or not node.is_displayed() or node.aria_role == "status", node.tag_name
    log = widget.one(".log")
    assert log.get_attribute("aria-relevant") == "additions", "a time that is written anew is no news"
    eventually(lambda: log.get_attribute("aria-busy") == "false")
    widget.one("textarea").send_keys(Keys.ESCAPE)
    assert not panel.is_displayed()
    assert "launcher" in widget.focused()


@browsed
def test_who_wants_no_motion_gets_none(browser: Chrome, site: Site, base: str) -> None:
    widget = opened(browser, base)
    widget.write("Hi")
    widget.one("[data-state=sent]")
    assert {node.value_of_css_property("animation-name") for node in widget.all("*")} == {"none"}


def test_what_the_page_gets_is_json_of_its_settings() -> None:
    script = pages.widget_js(replace(CHANNEL, settings={"language": "de", "sound": True}))
    found = re.search(r"const options = (\{.*\});\n", script)
    assert found
    options = json.loads(found.group(1))
    assert (set(options["words"]), options["sound"], options["theme"]) == ({"en", "de"}, True, "auto")
