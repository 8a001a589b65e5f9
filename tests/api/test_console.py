"""The console's page and files as they are served; what they weigh is a matter of the package (tests/infra)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import pytest

from chalicelib.api.console import page
from chalicelib.ports import media
from chalicelib.ports.settings import settings
from infra import brotlied, vendored
from tests.cloud import Cloud
from tests.http_api import Client


@pytest.fixture(scope="session", autouse=True)
def _whole() -> None:
    vendored.place()


@pytest.fixture
def read(cloud: Cloud) -> Iterator[Any]:
    with Client(cloud.app.app) as client:
        yield client.get


@pytest.fixture
def at() -> str:
    """The path of the files of this version."""
    return f"/console/a/{page.version()}/"


def test_the_page_lets_nothing_in_and_is_asked_for_anew(read: Any) -> None:
    answer = read("/console")

    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'self'; connect-src 'self' {media.place()}; img-src 'self' {media.place()} blob:; "
        f"media-src 'self' {media.place()} blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    assert media.link("any").startswith(f"{media.place()}/"), "where /media leads to"
    text = answer.body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", text), "nothing is inline"
    assert "{hash}" not in text


def test_every_word_that_is_said_is_there_and_said_once() -> None:
    words = [json.loads(page.files()[f"{name}-en.json"]) for name in ("words", "more")]
    told = {**words[0], **words[1]}
    scripts = [content.decode() for name, content in page.files().items() if name.endswith(".js")]
    asked = {key for script in scripts for key in re.findall(r'\b(?:t|parts)\(\s*"([^"]+)"', script)}

    assert len(told) == len(words[0]) + len(words[1])
    assert asked <= {*told} and len(asked) > 150, sorted(asked - {*told})


@pytest.mark.parametrize("name", ["words", "more"])
def test_every_language_says_the_same(name: str) -> None:
    """The same keys in the same order, each a text or a plural as in English, with the same places."""
    words = _words(name)
    (listed,) = re.findall(r"\bconst LANGUAGES = (\[.*?\]);", page.files()["words.js"].decode())

    assert {*json.loads(listed)} == {*words} >= {"en", "de"}
    for language, said in words.items():
        assert [*said] == [*words["en"]], language
        unlike = {key: told for key, told in said.items() if _shape(told) != _shape(words["en"][key])}
        assert not unlike, language


def _words(name: str) -> dict[str, dict[str, Any]]:
    """What each language says, by its name."""
    found = {re.fullmatch(rf"{name}-(\w+)\.json", served): content for served, content in page.files().items()}
    return {match[1]: json.loads(content) for match, content in found.items() if match}


def _shape(told: Any) -> list[tuple[str, list[str]]]:
    """The forms of a text and the places in each; a text that is no plural has one form without a name."""
    forms = told if isinstance(told, dict) else {"": told}
    return sorted((form, sorted(re.findall(r"\{\w+\}", text))) for form, text in forms.items())


def test_what_others_wrote_becomes_only_text() -> None:
    """Nothing of the page makes HTML of a text, and nothing is kept where scripts of others might find it: but for
    whether single keys are shortcuts."""
    ours = {path.name: path.read_text(encoding="utf-8") for path in (page.CONSOLE / "app").glob("*.js")}
    ways = r"(inn|out)erHTML|insertAdjacentHTML|SetInnerHTML|document\.write|\beval\b|Function\(|localStorage"
    found = {(name, one[0]) for name, script in ours.items() for one in re.finditer(ways, script)}

    assert len(ours) > 20 and found == {("keys.js", "localStorage")}


def test_sockets_are_let_out_to_their_host_alone() -> None:
    assert "connect-src 'self' wss://sockets.example; " in page.policy("wss://sockets.example/live", "")
    assert "'unsafe" not in page.policy("wss://x/y", "https://files") and "*" not in page.policy("", "")


def test_its_addresses_are_relative(read: Any) -> None:
    found = re.findall(r'(?:href|src)="([^"]*)"', read("/console").body.decode())

    assert found and all(address.startswith(f"console/a/{page.version()}/") for address in found)
    assert {address.rpartition("/")[2] for address in found} <= set(page.files())


def test_all_that_runs_first_is_named(read: Any) -> None:
    named = dict(re.findall(r'<meta name="(first|next)" content="([\w. -]+)">', read("/console").body.decode()))
    first, following = (named[which].split(" ") for which in ("first", "next"))

    assert "conversation.js" in following and not {*first} & {*following}
    assert len(first) == len({*first}) and {"app.js", "inbox.js", "preact.js", "htm.js"} <= {*first} <= {*page.files()}
    assert "uplot.js" not in first and "resources.js" not in first, "what is shown later is fetched later"


@pytest.mark.parametrize("name", sorted(path.name for path in (page.CONSOLE / "app").glob("*.css")))
def test_no_style_sheet_lacks_a_brace(name: str) -> None:
    """Where one is missing, all that follows holds on a phone alone, or nowhere; browsers say nothing."""
    depth = 0
    for number, line in enumerate((page.CONSOLE / "app" / name).read_text(encoding="utf-8").splitlines(), 1):
        assert not (depth and line.startswith(("@", ".", "/*"))), f"{name}:{number} stands within another rule"
        depth += line.count("{") - line.count("}")
    assert depth == 0


def test_what_a_class_looks_like_is_said_in_one_style_sheet() -> None:
    """Two that say it are both in force once the second has come: then what was drawn by the first changes."""
    said: dict[str, set[str]] = {}
    for path in (page.CONSOLE / "app").glob("*.css"):
        rules = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", path.read_text())
        for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL)):
            for one in re.findall(r"(?:^|,)\s*(\.[a-z0-9-]+)\s*(?=,|$)", selectors.strip()):
                said.setdefault(one, set()).add(path.name)
    assert len(said) > 100
    assert {one: where for one, where in said.items() if len(where) > 1} == {}


def test_style_sheets_come_as_one(read: Any, at: str) -> None:
    style = read(at + page.STYLE).body.decode()

    sheets = [(page.CONSOLE / "app" / name).read_bytes() for name in page.STYLES]
    assert style == "".join(page.lighter(sheet).decode() for sheet in sheets)
    assert read(at + page.STYLES[0]).status_code == 404


def test_what_is_said_of_the_code_is_not_sent() -> None:
    script = (
        b'// Why.\nimport { a, b } from "./x.js";\nexport const c = html`\n    <b>\n  x // y\n`; // gone\n\n'
        b"  const url = 'https://x', d = b; // `kept`\n  if (d) {\n    a();\n  }\n"
    )
    assert page.lighter(script, ".js") == (
        b'import{a, b}from"./x.js";export const c = html`<b>\nx // y\n`;'
        b"const url = 'https://x', d = b; // `kept`\nif (d) {a();}\n"
    )
    words = b'{\n "b": "1 \\u00fc",\n "a": {"one": "x"}\n}\n'
    assert page.lighter(words, ".json") == '{"a":{"one":"x"},"b":"1 ü"}'.encode()
    assert page.lighter(b"/* a */\n.b { c: d }\n  /* e */ .f { }\n") == b".b { c: d }\n/* e */ .f { }\n"


@pytest.mark.parametrize("name", ["app.js", "preact.js", "icons.svg", "uplot.css", "licences.txt"])
def test_files_are_kept_for_good_and_come_packed(read: Any, at: str, name: str) -> None:
    plain, packed = read(at + name), read(at + name, {"Accept-Encoding": "br, gzip;q=0.5"})

    for answer in (plain, packed):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == page.files()[name]


@pytest.mark.parametrize("same", [True, False], ids=["this version", "another version"])
def test_what_packaging_has_packed_goes_to_who_takes_it(
    read: Any, at: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, same: bool
) -> None:
    for folder in ("app", "vendor"):
        (tmp_path / folder).symlink_to(page.CONSOLE / folder)
    brotlied.place(tmp_path)
    if not same:
        (tmp_path / page.BROTLI / "version").write_text("0123456789abcdef")
    monkeypatch.setattr(page, "CONSOLE", tmp_path)
    page.all_by_brotli.cache_clear()
    answer = read(f"{at}app.js", {"Accept-Encoding": "gzip, deflate, br, zstd"})
    refused = read(f"{at}app.js", {"Accept-Encoding": "gzip, br;q=0"})
    page.all_by_brotli.cache_clear()

    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress}
    assert answer.headers["Content-Encoding"] == ("br" if same else "gzip")
    assert unpacked[answer.headers["Content-Encoding"]](answer.body) == page.files()["app.js"]
    assert refused.headers["Content-Encoding"] == "gzip"
    assert "app.js" in page.files() and not (tmp_path / page.BROTLI / "inter-latin.woff2.br").exists()


def test_a_font_is_bytes(read: Any, at: str) -> None:
    answer = read(f"{at}inter-latin.woff2", {"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Type"] == "font/woff2" and answer.body[:4] == b"wOF2"
    assert "Content-Encoding" not in answer.headers, "it is packed in itself"


def test_a_file_of_another_version_is_kept_by_nobody(read: Any) -> None:
    answer = read("/console/a/0123456789abcdef/app.js")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "icons.txt", "stamp", "..%2Fapp.js", "%2e%2e", "app.js%00", "__init__.py"]
)
def test_what_is_no_file_of_the_console_is_not_found(read: Any, at: str, name: str) -> None:
    answer = read(at + name)

    assert (answer.status_code, b'"not_found"' in answer.body) == (404, True)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [("gzip", True), ("GZIP ; q=1", True), ("*", True), ("", False), ("br", False), ("gzip;q=0", False),
     ("*, gzip;q=0.000", False), ("x-gzip", False), ("identity, *;q=0", False)],
)  # fmt: skip
def test_who_takes_gzip(accepted: str, takes: bool) -> None:
    assert page.takes(accepted, "gzip") is takes


def test_without_other_peoples_files_it_is_said_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Any
) -> None:
    for kept in (page.files, page.version, page.index):
        kept.cache_clear()
    monkeypatch.setattr(page, "CONSOLE", tmp_path)
    answer = read("/console")
    monkeypatch.undo()

    assert answer.status_code == 503 and b"python -m infra.vendored" in answer.body
    assert read("/console").status_code == 200, "as soon as they are there"


def test_a_socket_of_the_deployment_is_in_the_policy(monkeypatch: pytest.MonkeyPatch, read: Any) -> None:
    live = replace(settings(), live_url="wss://sockets.example/live")
    monkeypatch.setattr(page, "settings", lambda: live)

    assert "connect-src 'self' wss://sockets.example " in read("/console").headers["Content-Security-Policy"]


def test_styles_that_come_later_are_fetched_by_one_way() -> None:
    """Which tells when they are there, and that they cannot be had."""
    ours = {path.name: path.read_text(encoding="utf-8") for path in (page.CONSOLE / "app").glob("*.js")}
    assert {name for name, script in ours.items() if '"link"' in script or "stylesheet" in script} == {"words.js"}
    assert {name for name, script in ours.items() if "styled(" in script} == {"words.js", "plot.js"}
