"""What a chat's owner may ask for: files of the visitor, and where to answer when nobody comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.contract import Channel
from tests.channels.shop import Chrome, Site, Widget, eventually, visit

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def site(site: Site) -> Site:
    site.channel = Channel(site.channel.id, {**site.channel.settings, "uploads": True, "ask_email": True}, {})
    return site


def files_of(tmp_path: Path, *sizes: int) -> list[str]:
    paths = [tmp_path / f"{n} bill.pdf" for n in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(b"x" * size)
    return [str(path) for path in paths]


def picks(widget: Widget, paths: list[str]) -> None:
    widget.root.find_element("css selector", "input[type=file]").send_keys("\n".join(paths))


def test_files_are_put_and_then_said(browser: Chrome, site: Site, base: str, tmp_path: Path) -> None:
    widget = visit(browser, base)
    assert widget.one(".clip").accessible_name == "Attach a file"
    picks(widget, files_of(tmp_path, 5, 7))
    eventually(lambda: widget.states() == ["sent"])
    [post] = [post for post in site.posts if "files" in post]
    assert post["files"][1] == {"name": "1 bill.pdf", "mime_type": "application/pdf", "size": 7}
    assert {key: len(body) for key, body in site.files.items()} == {f"{post['id']}/0": 5, f"{post['id']}/1": 7}
    assert widget.bubbles() == ["0 bill.pdf\n1 bill.pdf"]


def test_what_could_not_be_put_can_be_tried_again(browser: Chrome, site: Site, base: str, tmp_path: Path) -> None:
    widget = visit(browser, base)
    site.trouble = [503]
    picks(widget, files_of(tmp_path, 5))
    eventually(lambda: widget.states() == ["failed"])
    assert not site.posts
    widget.one(".state button").click()
    eventually(lambda: widget.states() == ["sent"])
    assert len(site.files) == 1


def test_too_large_and_too_many_are_said_at_once(browser: Chrome, site: Site, base: str, tmp_path: Path) -> None:
    widget = visit(browser, base)
    for wrong in ((10 * 2**20 + 1,), (1,) * 6, (0,)):
        picks(widget, files_of(tmp_path, *wrong))
        eventually(lambda: "10 MB" in widget.one(".notice").text)
        widget.write("go on")
        eventually(lambda: not widget.one(".notice").is_displayed())
    assert not site.files


def test_a_chat_that_takes_none_shows_no_clip(browser: Chrome, site: Site, base: str) -> None:
    site.channel = Channel(site.channel.id, {}, {})
    assert not visit(browser, base).one(".clip").is_displayed()


def event(widget: Widget, site: Site, name: str, seconds_ago: int, **more: Any) -> None:
    """Something happens to the conversation, by the browser's clock."""
    at = widget.browser.execute_script("return new Date(Date.now() - arguments[0]).toISOString()", seconds_ago * 1000)
    site.say(direction="in", type="event", content={"name": name} | more, sent_at=at)


def test_nobody_comes_and_the_visitor_leaves_an_address(browser: Chrome, site: Site, base: str) -> None:
    widget = visit(browser, base)
    widget.write("a person, please")
    eventually(lambda: widget.states() == ["sent"])
    event(widget, site, "handover", 58)
    form = widget.one(".letter")
    assert not form.is_displayed()
    eventually(form.is_displayed)
    widget.one(".letter input").send_keys("ana@example.com")
    widget.one(".letter button").click()
    eventually(lambda: [post for post in site.posts if post.get("email") == "ana@example.com"])
    assert not form.is_displayed() and "ana@example.com" in widget.one(".notice").text
    eventually(lambda: widget.states() == ["sent", "sent"])
    widget = visit(browser, base)
    eventually(lambda: len(widget.bubbles()) == 2)
    assert not widget.one(".letter").is_displayed(), "asked once"


def test_whoever_comes_ends_the_question(browser: Chrome, site: Site, base: str) -> None:
    widget = visit(browser, base)
    widget.write("a person, please")
    eventually(lambda: widget.states() == ["sent"])
    event(widget, site, "handover", 3600)
    eventually(widget.one(".letter").is_displayed)
    event(widget, site, "handover_accepted", 0, agent={"name": "Ben"})
    eventually(lambda: not widget.one(".letter").is_displayed())
