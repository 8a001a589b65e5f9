"""The console counts a text as what sends it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.api.console import page
from chalicelib.channels.limits import Limits
from chalicelib.channels.splitting import segments, size
from tests.channels.test_splitting import FAMILY, SEGMENTS

pytest.importorskip("selenium")

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.xdist_group("browser")
TEXTS = [*SEGMENTS, FAMILY * 9, "a" * 152 + "\u20ac" * 9, "\u00fc" * 300, "hello \U0001f44b" * 40]


def test_it_counts_as_splitting_does(browser: Chrome) -> None:
    source = (page.CONSOLE / "app" / "lengths.js").read_text(encoding="utf-8").replace("export ", "")
    sms = browser.execute_script(f"{source}; return arguments[0].map(segments)", TEXTS)
    assert [(one["encoding"], one["units"], one["count"]) for one in sms] == [
        (told.encoding, told.units, told.count) for told in map(segments, TEXTS)
    ]
    for counted in ("characters", "bytes", "utf-16"):
        told = browser.execute_script(
            f"{source}; return arguments[0].map((one) => size(one, arguments[1]))", TEXTS, counted
        )
        assert told == [size(text, Limits((), counted=counted)) for text in TEXTS]
