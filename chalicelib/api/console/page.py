"""The console's page and its files, for anybody: they hold nothing but how to ask.

The files' address has a hash over all of them in it, so browsers keep them for good and a new version is another
address. The page has none and is asked for anew. Files of ours lie in `console/app`, other people's in
`console/vendor`, where packaging puts them (`infra/vendored.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from chalice.app import Request, Response

from chalicelib.ports import media, web
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem

CONSOLE = Path(__file__).parents[2] / "console"
BROTLI = "brotli"
"""Folder of what packaging has packed."""
INDEX, ADDRESS = "index.html", "console/a/{hash}/"
"""The page, and what each of its addresses begins with."""
FIRST = ("app.js", "inbox.js")
"""The scripts that are needed before anything is shown, with what they import."""
NEXT = ("conversation.js",)
"""Those that are fetched as soon as the inbox's list stands."""
STYLE = "console.css"
STYLES = ("tokens.css", "parts.css", "shell.css", "inbox.css", "screens.css")
"""The first page's style sheets, in the order in which they hold; they are served as one."""
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_NOT_SERVED = ("icons.txt", *STYLES)
PACKED_ALREADY = (".woff2",)
_REMARK = re.compile(rb"/\*(?:(?!\*/).)*\*/")
_LIGHTER = (
    # A remark behind what a line of a script says; the end of a line before a tag of a view, and after what ends or
    # opens something; blanks of what is imported.
    (re.compile(rb"([;,{})\]]) +// [^\"'`\n]*$", re.MULTILINE), rb"\1"),
    (re.compile(rb"\n(?=<)"), b""),
    (re.compile(rb"([;{])\n"), rb"\1"),
    (re.compile(rb"(^|;)import \{ ([^}]*) \} from "), rb"\1import{\2}from"),
)
_IMPORT = re.compile(r"""(?:^|[;}\s])(?:import|export)\b[^"';()]*["']\./([\w.-]+)["']""")
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_YEAR_S = 31_536_000


def policy(live_url: str, files_url: str) -> str:
    """The page's Content-Security-Policy: nothing but our own files, sockets at `live_url`, and what people send and
    are sent, where `/media` leads to."""
    sockets, sent = (_origin(url) for url in (live_url, files_url))
    return (
        f"default-src 'self'; connect-src 'self'{sockets}{sent}; img-src 'self'{sent} blob:; "
        f"media-src 'self'{sent} blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def page(request: Request) -> Response:
    """The page; its files' addresses are relative, so that it works below any path."""
    text = index().replace(ADDRESS, ADDRESS.replace("{hash}", version()))
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy(settings().live_url, media.place()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }
    return web.text(200, text, headers | _HEADERS)


def file(request: Request, hash: str, name: str) -> Response:
    """A file. Under another version's hash it is that of this version, and nobody may keep it: while a deploy changes
    one process after another, a page may ask the older or the newer one."""
    content = files().get(name)
    if content is None or Path(name).suffix not in _KINDS:
        raise Problem(404, "not_found", "the console has no such file")
    headers = _HEADERS | {
        "Content-Type": _KINDS[Path(name).suffix],
        "Cache-Control": f"public, max-age={_YEAR_S}, immutable" if hash == version() else "no-store",
    }
    if name.endswith(PACKED_ALREADY):
        return web.Bytes(200, content, headers)
    headers["Vary"] = "Accept-Encoding"
    accepted = request.headers.get("accept-encoding") or ""
    if takes(accepted, "br") and (brotli := by_brotli(name)):
        return web.Bytes(200, brotli, headers | {"Content-Encoding": "br"})
    if takes(accepted, "gzip"):
        return web.Bytes(200, packed(name), headers | {"Content-Encoding": "gzip"})
    return web.text(200, content.decode(), headers)


@cache
def files() -> dict[str, bytes]:
    """Name -> content of all that is served, the page with it; read once for each process (half a megabyte).

    Problem 503 where other people's files are not there.
    """
    if not (CONSOLE / "vendor" / "stamp").exists():
        how = "python -m infra.vendored"
        raise Problem(503, "console_incomplete", f"the console's libraries come with packaging, or by `{how}`")
    return read(CONSOLE)


def read(console: Path) -> dict[str, bytes]:
    """As `files`, of another place."""
    found = {
        path.name: path.read_bytes()
        for folder in ("vendor", "app")
        for path in sorted((console / folder).iterdir())
        if path.suffix in (*_KINDS, ".html") and path.name not in _NOT_SERVED
    }
    found[STYLE] = b"".join((console / "app" / name).read_bytes() for name in STYLES)
    ours = {path.name for path in (console / "app").iterdir()} | {STYLE}
    return {
        name: lighter(content, Path(name).suffix) if name in ours else content
        for name, content in sorted(found.items())
    }


def lighter(content: bytes, kind: str = "") -> bytes:
    """A file of ours without indentation and remarks: a tenth of what would be fetched. No text of a script goes over a
    line's end but in views, whose blanks around a line's end mean nothing; words go by their names, in whatever order.
    """
    if kind == ".json":
        return json.dumps(json.loads(content), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    lines = (line.strip() for line in content.split(b"\n"))
    kept = b"".join(
        line + b"\n" for line in lines if line and not line.startswith(b"//") and not _REMARK.fullmatch(line)
    )
    for what, lighter_so in _LIGHTER if kind == ".js" else ():
        kept = what.sub(lighter_so, kept)
    return kept


@cache
def version() -> str:
    """The hash over all files and their names."""
    return version_of(files())


def version_of(files: Mapping[str, bytes]) -> str:
    """As `version`, of other files."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:16]


def by_brotli(name: str) -> bytes | None:
    """A file as packaging has packed it (`infra/brotlied.py`), an eighth less than by gzip; None where it has not."""
    return all_by_brotli().get(name)


@cache
def all_by_brotli() -> dict[str, bytes]:
    """Name -> a file as packaging has packed it; none where that was of another version."""
    stamp = CONSOLE / BROTLI / "version"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != version():
        return {}
    return {path.stem: path.read_bytes() for path in (CONSOLE / BROTLI).glob("*.br")}


@cache
def packed(name: str) -> bytes:
    """A file by gzip; packed once for each process, which is some milliseconds for all of them."""
    return gzip.compress(files()[name], 9, mtime=0)


@cache
def index() -> str:
    """The page as it was written, with the names of the scripts that it fetches first, and of those that come next."""
    first = first_modules()
    following = [name for name in imported(NEXT) if name not in first]
    return files()[INDEX].decode().replace("{first}", " ".join(first)).replace("{next}", " ".join(following))


def first_modules() -> list[str]:
    """The scripts that run before anything is shown."""
    return imported(FIRST)


def imported(names: Sequence[str]) -> list[str]:
    """These scripts and what they import, and so on; not what is imported later, by `import()`."""
    found = [*names]
    for name in found:
        found += [one for one in _IMPORT.findall(files()[name].decode()) if one in files() and one not in found]
    return found


def takes(accepted: str, coding: str) -> bool:
    """Whether an Accept-Encoding takes a coding (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        named, _, more = part.partition(";")
        weights[named.strip()] = re.fullmatch(r"\s*q=0(\.0*)?\s*", more) is None
    return weights.get(coding, weights.get("*", False))


def _origin(url: str) -> str:
    # The origin alone: a path would have to be the very one, and browsers differ in how they compare it.
    return " " + "/".join(url.split("/")[:3]) if url else ""
