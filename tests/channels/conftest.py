"""One browser for all tests of the widget, and a site for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from tests.channels.shop import Site

# The site is imported where it is asked for: without a browser only the tests that want one are skipped.


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    from tests.channels.shop import Answering

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="session")
def started() -> Iterator[Chrome]:
    from tests.channels.shop import started

    driver = started()
    yield driver
    driver.quit()


@pytest.fixture
def site() -> Site:
    from tests.channels.shop import Answering, Site

    Answering.site = Site()
    return Answering.site


@pytest.fixture
def browser(started: Chrome, site: Site, base: str) -> Iterator[Chrome]:
    from tests.channels.shop import logged

    started.get(f"{base}/nowhere")
    started.execute_script("localStorage.clear()")
    logged(started)
    yield started
    # A picture that the page may not load becomes a link; that the policy said so is expected.
    assert not [line for line in logged(started) if "Content Security Policy" in line and "127.0.0.1:1/" not in line]
    started.get("about:blank")
