"""Whoever the page's server signs is the visitor; another one begins a chat of their own."""

from __future__ import annotations

import time

import jwt
import pytest

from chalicelib.channels.contract import Channel
from tests.channels.shop import Chrome, Site, Widget, eventually, logged, visit

pytestmark = pytest.mark.xdist_group("browser")

SECRET = "an-identity-secret-of-32-letters"


def signed(who: str, name: str, secret: str = SECRET) -> str:
    return jwt.encode({"external_id": who, "name": name, "exp": time.time() + 600}, secret)


@pytest.fixture
def site(site: Site) -> Site:
    site.channel = Channel(site.channel.id, site.channel.settings, {"identity_secret": SECRET})
    return site


def writes(widget: Widget, text: str) -> None:
    widget.write(text)
    eventually(lambda: widget.states()[-1:] == ["sent"])


def sessions(site: Site) -> list[str]:
    return list(dict.fromkeys(post["session"] for post in site.posts if "text" in post))


def test_who_signs_in_goes_on_and_who_signs_out_begins_anew(browser: Chrome, site: Site, base: str) -> None:
    writes(visit(browser, base), "anonymous")
    site.identity = signed("u-1", "Ana")
    writes(visit(browser, base), "signed in")
    assert len(sessions(site)) == 1
    site.identity = signed("u-1", "Ana")
    writes(visit(browser, base), "with a newer token")
    assert len(sessions(site)) == 1
    site.identity, site.messages = signed("u-2", "Ben"), []
    writes(visit(browser, base), "another person")
    site.identity, site.messages = "", []
    writes(visit(browser, base), "signed out")
    assert len(sessions(site)) == 3
    assert site.people == ["", "Ana", "Ana", "Ben", ""]


def test_a_token_that_is_not_valid_costs_no_message(browser: Chrome, site: Site, base: str) -> None:
    site.identity = signed("u-1", "Mallory", "somebody-elses-secret-of-32-letters")
    writes(visit(browser, base), "hello")
    assert site.people == [""] and len([post for post in site.posts if "text" in post]) == 2
    assert any("identity_secret" in line for line in logged(browser))


def test_what_the_one_before_had_not_sent_is_not_sent_by_the_next(browser: Chrome, site: Site, base: str) -> None:
    site.identity = signed("u-1", "Ana")
    site.trouble = [503] * 50
    widget = visit(browser, base)
    widget.write("mine")
    eventually(lambda: widget.states() == ["waiting"])
    site.trouble, site.identity = [], signed("u-2", "Ben")
    writes(visit(browser, base), "his")
    assert site.people == ["Ben"]
