"""Headless Chromium for tests of pages; where it is not installed, a module that imports this is skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="selenium is not installed")
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not BROWSER or not DRIVER:
    pytest.skip("needs Debian's chromium and chromium-driver", allow_module_level=True)

from selenium.common.exceptions import (  # noqa: E402
    ElementNotInteractableException,
    JavascriptException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService  # noqa: E402

# With these it stays on this machine.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def opened(profile: Path, *, width: int = 900, height: int = 800) -> Chrome:
    """A browser with a profile of its own; the caller quits it."""
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=ChromeService(str(DRIVER)))


class Browsers:
    """Browsers for one after the other, each time as new: to start one is a second of CPU."""

    def __init__(self, profiles: Path) -> None:
        self._profiles, self._all, self._idle = profiles, list[Chrome](), list[Chrome]()

    def lend(self, *, width: int, height: int) -> Chrome:
        """One that nobody else has; the caller gives it back."""
        if not self._idle:
            self._all.append(opened(self._profiles / str(len(self._all)), width=width, height=height))
            return self._all[-1]
        browser = self._idle.pop()
        browser.set_window_size(width, height)
        # What it still had to say of the windows that are gone.
        severe(browser)
        return browser

    def take_back(self, browser: Chrome, origin: str) -> None:
        """Leave nothing of what was done there, and of what pages of this origin kept. What was asked of the browser by
        its protocol (what to block, how large to be, which script to run first) goes with its windows."""
        before = browser.window_handles
        browser.switch_to.new_window("window")
        new = browser.current_window_handle
        for window in before:
            browser.switch_to.window(window)
            browser.close()
        browser.switch_to.window(new)
        browser.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        browser.execute_cdp_cmd("Network.clearBrowserCache", {})
        self._idle.append(browser)

    def quit(self) -> None:
        """End all of them."""
        for browser in self._all:
            browser.quit()


def patiently(look: Callable[[], Any]) -> Callable[[], Any]:
    """A look at a page that may be replaced at that moment."""

    def looked() -> Any:
        try:
            return look()
        except (
            ElementNotInteractableException,
            JavascriptException,
            NoSuchElementException,
            StaleElementReferenceException,
        ):
            return None

    return looked


def severe(browser: Chrome) -> list[str]:
    """What the browser complains of since it was last asked: refused by the policy, failed, thrown."""
    log: Any = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [line["message"] for line in log if line["level"] == "SEVERE"]
