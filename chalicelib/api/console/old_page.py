"""The console's page, script and style: files that ask the API with the key of whoever looks at them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chalice.app import Request, Response

from chalicelib.ports import web

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy under which the page works: what customers write can neither run nor send anything."""
_HEADERS = {
    "Cache-Control": "no-cache",  # page and script belong together; an old one must not meet a new one
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(request: Request) -> Response:
    """The page."""
    return _answer("index.html", "text/html")


def script(request: Request) -> Response:
    """What the page does."""
    return _answer("console.js", "text/javascript")


def style(request: Request) -> Response:
    """How the page looks."""
    return _answer("console.css", "text/css")


def _answer(name: str, kind: str) -> Response:
    return web.text(200, _file(name), _HEADERS | {"Content-Type": f"{kind}; charset=utf-8"})


@cache
def _file(name: str) -> str:
    return (Path(__file__).parents[2] / "console" / "inbox" / name).read_text(encoding="utf-8")
