"""The cookie of the console's sessions: its name, when it counts, and how it is set and taken away.

A browser sends a cookie with whatever a page of anybody asks for, so it counts only where the request shows that our
own page has asked: by a header that no form can set and no page of another origin may set, as we allow none to.
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.api.http.base_url import base_url
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem
from chalicelib.tables.sessions import LONGEST_MS

HEADER = "X-Parley-Console"
"""What our page sends with each request, as `1`."""
_OF_FORMS = ("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""Media types that any page may have sent (https://fetch.spec.whatwg.org/#cors-safelisted-request-header)."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

Headers = Mapping[str, str]
Context = dict[str, Any]


def name(headers: Headers, context: Context, more: str = "") -> str:
    """What the cookie is called; `more` is of another than the session's.

    By https its name begins with `__Host-`: a browser then takes it from this very host alone, and only over TLS
    (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes). Without, as on
    one's own machine, it has a plain name with the port in it, as cookies know no ports.
    """
    if _scheme(headers, context) == "https":
        return f"__Host-parley-{settings().stage}{more}"
    return f"parley-{settings().stage}-{urlsplit('//' + _host(headers, context)).port or 80}{more}"


def value(headers: Headers, context: Context, more: str = "") -> str:
    """What the cookie holds; empty where there is none, or several, of which nobody knows which is ours."""
    wanted, found = name(headers, context, more), []
    for part in (headers.get("cookie") or "").split(";"):
        given, is_one, held = part.strip().partition("=")
        if is_one and given == wanted:
            found.append(held)
    return found[0] if len(found) == 1 else ""


def set_by(headers: Headers, context: Context, held: str) -> str:
    """The header that sets the cookie, which scripts cannot read; that takes it away where it holds nothing.

    The browser keeps it as long as a session can last. When one ends is decided here, at each request.
    """
    return _written(headers, context, "", held, LONGEST_MS if held else 0, "Strict")


def set_for_a_while(headers: Headers, context: Context, more: str, held: str, *, ms: int) -> str:
    """As `set_by`, of another cookie, which browsers also send where somebody else's page leads here; 0 ms takes it
    away."""
    return _written(headers, context, more, held, ms, "Lax")


def _written(headers: Headers, context: Context, more: str, held: str, ms: int, site: str) -> str:
    secure = "; Secure" if _scheme(headers, context) == "https" else ""
    return f"{name(headers, context, more)}={held}; Path=/; Max-Age={ms // 1000}; HttpOnly; SameSite={site}{secure}"


def from_elsewhere(headers: Headers) -> bool:
    """Whether the browser says that another site has led it here."""
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def is_here(headers: Headers, context: Context) -> bool:
    """Whether the browser has asked where the deployment says that it is."""
    asked = f"{_scheme(headers, context)}://{_host(headers, context)}".lower()
    return asked == "/".join(base_url(context).lower().split("/")[:3])


def refuse_others(headers: Headers, context: Context, method: str, *, body: bool) -> None:
    """Problem 403 where the request may have been made by another page than ours."""
    if headers.get(HEADER.lower()) != "1":
        raise _csrf(f"a session counts only together with {HEADER}: 1")
    if method == "GET":
        return
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    if body and kind in _OF_FORMS:
        raise _csrf("send application/json: what a form could have sent is not taken with a session")
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise _csrf("the request was begun by another site")
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in _ours(headers, context):
        raise _csrf("the request came from a page of another origin")


def _csrf(why: str) -> Problem:
    return Problem(403, "csrf", why)


def _ours(headers: Headers, context: Context) -> set[str]:
    """Origins that are ours: where the deployment says that it is, and where the browser has just asked it."""
    scheme, configured = _scheme(headers, context), urlsplit(base_url(context))
    hosts = (_host(headers, context), str(context.get("domainName") or ""))
    return {f"{configured.scheme}://{configured.netloc}".lower(), *(f"{scheme}://{host}".lower() for host in hosts)}


def _scheme(headers: Headers, context: Context) -> str:
    """How the browser has asked, as the gateway says, or else by where this is."""
    if told := headers.get("x-forwarded-proto"):
        return told.rpartition(",")[2].strip().lower()
    if _host(headers, context).lower().startswith(_LOOPBACK):
        return "http"
    return urlsplit(base_url(context)).scheme


def _host(headers: Headers, context: Context) -> str:
    return headers.get("host") or str(context.get("domainName") or "")
