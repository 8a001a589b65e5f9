"""Other people's files of the console's page, from npm packages that are pinned by their hashes in `vendored.json`.

    .venv/bin/python -m infra.vendored

They are not part of the repository. Packaging puts them into `chalicelib/console/vendor`, where git passes over them;
what was fetched is kept in `.build/vendored` by its hash, so that the next time needs no network. Where npm is
installed it fetches, as it knows its owner's registry, token and proxy; elsewhere an HTTPS call does, from the registry
that `npm_config_registry` names. Whoever answers, what has another hash is not taken. Nothing of a package is run.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".build" / "vendored"
PLACE = ROOT / "chalicelib" / "console" / "vendor"
LIST = Path(__file__).with_name("vendored.json")
ICONS = ROOT / "chalicelib" / "console" / "app" / "icons.txt"
"""Names of the icons that the page uses; they come as one sprite."""
SPRITE, LICENCES, STAMP = "icons.svg", "licences.txt", "stamp"
DEFAULT_REGISTRY = "https://registry.npmjs.org/"
"""As npm has it (https://docs.npmjs.com/cli/using-npm/config#registry)."""
_MOST_BYTES = 32 * 2**20
_TIMEOUT_S = 60
_NPM_S = 300
_SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=[^\n]*")

Fetch = Callable[[str, str], bytes]
"""Name and version of a package -> its tarball."""


class Unfetched(Exception):
    """A package could not be had, or is not the one that is pinned."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A package, and what is taken of it; hashes as npm writes them, `sha512-<base64>`."""

    package: str
    version: str
    licence: str
    integrity: str
    files: tuple[tuple[str, str, str], ...]
    """(name in the console, path in the package, hash) of each file."""
    licence_files: tuple[str, ...]
    icons: str
    """Folder of its icons, where they are taken by name."""

    @property
    def title(self) -> str:
        return f"{self.package} {self.version}"


def pinned() -> list[Pinned]:
    """The packages of `vendored.json`."""
    return [
        Pinned(
            one["package"], one["version"], one["licence"], one["integrity"],
            tuple((file["as"], file["path"], file["integrity"]) for file in one["files"]),
            tuple(one["licence_files"]), one.get("icons", ""),
        )
        for one in json.loads(LIST.read_text(encoding="utf-8"))
    ]  # fmt: skip


def place(target: Path = PLACE, *, kept: Path = KEPT, fetch: Fetch | None = None) -> None:
    """Have all of them in a folder; Unfetched where a package cannot be had or is another than the pinned one.

    One at a time does it; each file comes to its place whole and the stamp last, so that what was cut off is made good
    by the next.
    """
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _placed(target, kept, fetch or fetched)


def _placed(target: Path, kept: Path, fetch: Fetch) -> None:
    icons = ICONS.read_text(encoding="utf-8").split()
    mark = hashlib.sha256(Path(__file__).read_bytes() + LIST.read_bytes() + " ".join(icons).encode()).hexdigest()
    stamp = target / STAMP
    told = stamp.read_text(encoding="utf-8").split() if stamp.exists() else []
    if told[:1] == [mark] and all((target / name).exists() for name in told[1:]):
        return
    made = files(pinned(), icons, lambda one: tarball(one, kept, fetch))
    target.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        _write(target / name, content)
    for path in target.iterdir():
        if path.name not in made and path.name != STAMP:
            path.unlink()
    _write(stamp, "\n".join([mark, *made]).encode())


def files(packages: Iterable[Pinned], icons: list[str], get: Callable[[Pinned], bytes]) -> dict[str, bytes]:
    """Name -> content of all that the console has of others, with the text of their licences."""
    made: dict[str, bytes] = {}
    licences = []
    for one in packages:
        svgs = {f"{one.icons}/{icon}.svg" for icon in icons} if one.icons else set()
        found = _unpacked(get(one), {path for _, path, _ in one.files} | {*one.licence_files} | svgs)
        if unknown := sorted({*svgs, *(path for _, path, _ in one.files), *one.licence_files} - set(found)):
            raise Unfetched(f"{one.title} has no {', '.join(unknown)}")
        for name, path, integrity in one.files:
            if hashed(found[path]) != integrity:
                raise Unfetched(f"{path} of {one.title} is not the pinned one: it has {hashed(found[path])}")
            made[name] = rewritten(found[path]) if name.endswith(".js") else found[path]
        if one.icons:
            made[SPRITE] = sprite({icon: found[f"{one.icons}/{icon}.svg"].decode() for icon in icons})
        texts = "\n\n".join(found[path].decode().strip() for path in one.licence_files)
        names = [name for name, _, _ in one.files] or [SPRITE]
        licences.append(f"{', '.join(names)}: {one.title}, {one.licence}\n\n{texts}\n")
    return made | {LICENCES: ("\n" + "-" * 80 + "\n\n").join(licences).encode()}


def rewritten(script: bytes) -> bytes:
    """A script as it is served: its import of Preact by name leads to the file beside it, and no map is looked for."""
    return _SOURCE_MAP.sub(b"", script).replace(b'"preact"', b'"./preact.js"')


def sprite(icons: Mapping[str, str]) -> bytes:
    """Icons as symbols of one file, by name; how thick their strokes are is left to the style sheet."""
    symbols = []
    for name, svg in icons.items():
        inside = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
        if inside is None:
            raise Unfetched(f"the icon {name} is no SVG")
        shapes = re.sub(r"\s*\n\s*", " ", inside[1]).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
            f'stroke-linejoin="round">{shapes}</symbol>\n'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'.encode()


def tarball(one: Pinned, kept: Path, fetch: Fetch) -> bytes:
    """A package with the pinned hash: the kept one, or else fetched and kept."""
    path = kept / f"{hashlib.sha256(one.integrity.encode()).hexdigest()[:32]}.tgz"
    if path.exists() and hashed(content := path.read_bytes()) == one.integrity:
        return content
    content = fetch(one.package, one.version)
    if (found := hashed(content)) != one.integrity:
        raise Unfetched(f"what came as {one.title} is not the pinned one: it has {found}")
    _write(path, content)
    return content


def fetched(package: str, version: str) -> bytes:
    """A package's tarball by npm, or by HTTPS where there is no npm."""
    npm = shutil.which("npm")
    return by_npm(npm, package, version) if npm else by_https(package, version)


def by_npm(npm: str, package: str, version: str) -> bytes:
    """A package's tarball, as npm gets it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--ignore-scripts", f"{package}@{version}"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_NPM_S)
        except subprocess.TimeoutExpired:
            raise Unfetched(f"npm did not get {package} {version} within {_NPM_S} s") from None
        found = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(found) != 1:
            raise Unfetched(f"npm did not get {package} {version}: {(done.stderr or done.stdout).strip()[-1000:]}")
        return found[0].read_bytes()


def by_https(package: str, version: str) -> bytes:
    """A package's tarball from the registry itself; through the environment's proxy, and with the certificates that
    Python knows (`SSL_CERT_FILE`)."""
    told = {name.lower(): value for name, value in os.environ.items()}
    registry = told.get("npm_config_registry") or DEFAULT_REGISTRY
    if urllib.parse.urlsplit(registry).scheme not in ("https", "http"):
        raise Unfetched(f"npm_config_registry={registry} is no address of a registry")
    address = f"{registry.rstrip('/')}/{package}/-/{package.rpartition('/')[2]}-{version}.tgz"
    try:
        # Of http and https alone, and what comes is compared with its hash.
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            content: bytes = answer.read(_MOST_BYTES + 1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise Unfetched(
            f"{package} {version} cannot be fetched from {address}: {error}; "
            f"npm_config_registry may name another registry, and {KEPT.relative_to(ROOT)} may be copied from elsewhere"
        ) from None
    if len(content) > _MOST_BYTES:
        raise Unfetched(f"{address} is larger than {_MOST_BYTES} bytes")
    return content


def hashed(content: bytes) -> str:
    """A hash as npm writes it."""
    return f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"


def _unpacked(archive: bytes, wanted: set[str]) -> dict[str, bytes]:
    """Path -> content of what is wanted of a package; nothing of it is written anywhere."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|gz") as tar:
        for member in tar:
            # The first folder is `package` by habit, and may be called otherwise.
            path = member.name.partition("/")[2]
            if path in wanted and member.isfile():
                content: Any = tar.extractfile(member)
                found[path] = content.read()
    return found


def _write(path: Path, content: bytes) -> None:
    """All of the file or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    try:
        place()
    except Unfetched as error:
        sys.exit(f"not all of the console is here: {error}")
    print(PLACE)
