"""Other people's files come as they are pinned, or not at all."""

from __future__ import annotations

import io
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra import vendored
from infra.vendored import Pinned, Unfetched

SVG = '<svg\n  xmlns="x"\n>\n  <path d="M0 0" />\n  <path d="M1 1" />\n</svg>\n'
FILES = {
    "dist/a.mjs": 'import{h}from"preact";export const a=1;\n//# sourceMappingURL=a.mjs.map\n',
    "LICENSE": "Do as you like.\n",
    "icons/bell.svg": SVG,
    "icons/eye.svg": SVG,
}


def packed(files: dict[str, str]) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return into.getvalue()


TARBALL = packed(FILES)
PACKAGE = Pinned(
    "@some/thing", "1.2.3", "MIT", vendored.hashed(TARBALL),
    (("a.js", "dist/a.mjs", vendored.hashed(FILES["dist/a.mjs"].encode())),), ("LICENSE",), "icons",
)  # fmt: skip


def test_what_is_pinned_is_whole() -> None:
    packages = vendored.pinned()

    names = [name for one in packages for name, _, _ in one.files]
    assert len(set(names)) == len(names) and {"preact.js", "hooks.js", "htm.js", "uplot.js"} <= set(names)
    for one in packages:
        assert re.fullmatch(r"\d+\.\d+\.\d+", one.version) and one.licence and one.licence_files
        for integrity in (one.integrity, *(integrity for _, _, integrity in one.files)):
            assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", integrity)


def test_files_are_rewritten_so_that_a_page_without_a_build_finds_them() -> None:
    made = vendored.files([PACKAGE], ["bell", "eye"], lambda _: TARBALL)

    assert made["a.js"] == b'import{h}from"./preact.js";export const a=1;\n'
    symbol = (
        '<symbol id="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
        'stroke-linejoin="round"><path d="M0 0" /> <path d="M1 1" /></symbol>\n'
    )
    assert made["icons.svg"].decode() == (
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbol.format("bell")}{symbol.format("eye")}</svg>\n'
    )
    assert b"@some/thing 1.2.3, MIT\n\nDo as you like." in made["licences.txt"]


@pytest.mark.parametrize(
    ("package", "icons", "why"),
    [
        (PACKAGE, ["bell", "moon"], "has no icons/moon.svg"),
        (replace(PACKAGE, licence_files=("COPYING",)), [], "has no COPYING"),
        (replace(PACKAGE, files=(("a.js", "dist/a.mjs", PACKAGE.integrity),)), [], "is not the pinned one"),
    ],
)
def test_a_package_that_is_not_as_it_was_is_refused(package: Pinned, icons: list[str], why: str) -> None:
    with pytest.raises(Unfetched, match=why):
        vendored.files([package], icons, lambda _: TARBALL)


def test_another_tarball_than_the_pinned_one_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Unfetched, match="not the pinned one"):
        vendored.tarball(PACKAGE, tmp_path, lambda *_: packed(FILES | {"LICENSE": "Ours now.\n"}))

    assert list(tmp_path.iterdir()) == []


def test_what_was_fetched_needs_no_network_again(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def fetch(*package: str) -> bytes:
        asked.append(package)
        return TARBALL

    assert vendored.tarball(PACKAGE, tmp_path, fetch) == vendored.tarball(PACKAGE, tmp_path, fetch) == TARBALL
    assert asked == [("@some/thing", "1.2.3")]
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(TARBALL[:-5])
    assert vendored.tarball(PACKAGE, tmp_path, fetch) == TARBALL and len(asked) == 2, "a torn one is fetched anew"


@pytest.fixture
def pinned_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Puts the small package into a folder."""
    icons = tmp_path / "icons.txt"
    icons.write_text("bell\n")
    monkeypatch.setattr(vendored, "ICONS", icons)
    monkeypatch.setattr(vendored, "pinned", lambda: [PACKAGE])

    def place(name: str = "place") -> Path:
        vendored.place(tmp_path / name, kept=tmp_path / "kept", fetch=lambda *_: TARBALL)
        return tmp_path / name

    return place


def test_a_folder_is_made_whole_once(pinned_here: Callable[..., Path]) -> None:
    place = pinned_here()
    assert sorted(path.name for path in place.iterdir()) == ["a.js", "icons.svg", "licences.txt", "stamp"]
    (place / "old.js").write_text("from another version")
    (place / "a.js").unlink()
    pinned_here()
    assert sorted(path.name for path in place.iterdir()) == ["a.js", "icons.svg", "licences.txt", "stamp"]
    vendored.ICONS.write_text("bell eye")
    pinned_here()
    assert b'id="eye"' in (place / "icons.svg").read_bytes()


def test_two_at_once_are_harmless(pinned_here: Callable[..., Path]) -> None:
    with ThreadPoolExecutor(4) as several:
        places = list(several.map(lambda _: pinned_here(), range(8)))

    assert len({tuple(sorted(path.name for path in place.iterdir())) for place in places}) == 1


class Registry(BaseHTTPRequestHandler):
    """A registry of packages with one of them."""

    def do_GET(self) -> None:
        found = self.path == "/npm/@some/thing/-/thing-1.2.3.tgz"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(TARBALL if found else b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/npm"
    monkeypatch.setenv("npm_config_registry", address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield address
    server.shutdown()
    server.server_close()


def test_without_npm_the_registry_is_asked_itself(registry: str) -> None:
    assert vendored.by_https("@some/thing", "1.2.3") == TARBALL
    with pytest.raises(Unfetched, match=r"other 1\.0\.0 cannot be fetched from .*404.*npm_config_registry"):
        vendored.by_https("other", "1.0.0")


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "file:///etc")
    with pytest.raises(Unfetched, match="is no address of a registry"):
        vendored.by_https("preact", "1.0.0")


def test_npm_gets_it_where_there_is_one(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    (tmp_path / "there.tgz").write_bytes(TARBALL)
    npm.write_text(
        f'#!/bin/sh\n[ "$4" = "@some/thing@1.2.3" ] && cp {tmp_path}/there.tgz . || {{ echo E404 >&2; exit 1; }}\n'
    )
    npm.chmod(0o755)

    assert vendored.by_npm(str(npm), "@some/thing", "1.2.3") == TARBALL
    with pytest.raises(Unfetched, match="npm did not get other 1: E404"):
        vendored.by_npm(str(npm), "other", "1")


def test_it_is_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("first", "second"):
        vendored.place(tmp_path / name)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})

    assert made[0] == made[1] and len(made[0]) > 8
