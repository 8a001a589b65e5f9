"""What a browser is shown between an issuer and the console: pages that go on by themselves, and what was refused.

They are whole in themselves, as nothing of the console has run yet; nothing that came from outside stands in them but
names of our own services, as text.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape

from chalice.app import Response

from chalicelib.api.console import page
from chalicelib.ports import web

BACK = "../../console"
"""The console, as seen from `/console/oidc/...`."""
STATUSES = {
    "unset": 404,
    "state": 400,
    "other_issuer": 400,
    "declined": 403,
    "issuer": 424,
    "client": 424,
    "used": 400,
    "token": 403,
    "address": 403,
    "domain": 403,
    "nobody": 403,
    "other_account": 403,
    "role": 403,
}
"""Why somebody is not let in, and the status of the page that says so in the words of `console/signing`."""
_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def language_of(accepted: str) -> str:
    """The first language of an Accept-Language that we speak, else English."""
    named = (part.partition(";")[0].strip().lower()[:2] for part in accepted.split(","))
    return next((one for one in named if one in words()), "en")


@cache
def words() -> dict[str, dict[str, str]]:
    """Language -> what is said in it."""
    found = sorted((page.CONSOLE / "signing").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in found}


def refused(word: str, language: str) -> Response:
    """Why somebody is not let in, and what to do."""
    said = words()[language]
    body = f'<p id="{word}">{escape(said[f"{word}.then"])}</p>{_link(BACK, said["back"])}'
    return _page(STATUSES[word], language, said[word], body)


def going_on(language: str) -> Response:
    """A page that goes on to the console by itself: a strict cookie comes along only from a page of ours."""
    head = f'<meta http-equiv="refresh" content="0; url={BACK}">'
    return _page(200, language, words()[language]["in"], _link(BACK, words()[language]["on"]), head)


def which(services: list[tuple[str, str]], language: str) -> Response:
    """In which (id, name) of several services somebody wants to sign in."""
    links = "".join(_link(f"start?service_id={id}", name) for id, name in services)
    return _page(200, language, words()[language]["which"], links)


def sent_to(url: str) -> Response:
    """A redirect."""
    return web.text(302, "", {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _link(url: str, text: str) -> str:
    return f'<a class="btn" href="{escape(url)}">{escape(text)}</a>'


def _page(status: int, language: str, title: str, body: str, head: str = "") -> Response:
    # Only its style is fetched, from the console's own files.
    style = f"../a/{page.version()}/{page.STYLE}"
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)} · Parley</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{style}">{head}</head>'
        f'<body><main class="signin"><section class="card"><div class="body col gap4"><h1>{escape(title)}</h1>{body}'
        "</div></section></main></body></html>"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        # The address of the page that goes on holds a code.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.text(status, text, headers)
