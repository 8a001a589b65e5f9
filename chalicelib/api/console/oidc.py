"""Signing in by an issuer of OpenID Connect: there with a verifier, a state and a nonce, and back with a code.

Nothing is stored meanwhile. A cookie of ten minutes holds 256 random bits, and all three are made of these: so they
go together, belong to this browser, and end with it. It is lax, as another site leads back here; the session's own is
strict. What comes back is used once: the cookie goes with it, and a code is good for one exchange.

| done, in this order | cut after it |
|---|---|
| the code is exchanged | begin again: a code is good once |
| whose the account is is written down | their next sign-in finds it so |
| the session | nobody has its cookie; it ends by itself |

https://www.rfc-editor.org/rfc/rfc9700 (best current practice), https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256

from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.api.console import id_token, issuer, signing_pages, whose
from chalicelib.api.console.refused import Refused
from chalicelib.api.http import cookies
from chalicelib.api.http.base_url import base_url
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.services import is_id
from chalicelib.ports import log
from chalicelib.ports.clock import now_ms
from chalicelib.ports.settings import OpenId, settings
from chalicelib.tables import config, sessions

_COOKIE = "-oidc"
_LASTS_MS = 600_000
_HELD = re.compile(r"[A-Za-z0-9_-]{43}\.(\d{13})\.(sv_[a-z2-7]{10})?")
_STARTED_AT, _BACK_AT = "console/oidc/start", "console/oidc/callback"
_ONCE = "again"
"""Marks an address to which we have sent a browser ourselves, so that it is not sent round for ever."""


class Issuer(BaseModel):
    """By whose word one may sign in."""

    name: str | None
    """What people call it; null: by keys alone."""


def about(call: Call) -> Answer:
    """By whose word one may sign in, for whoever is not signed in yet."""
    open_id = settings().open_id
    return Answer(200, {"name": open_id.name if open_id else None})


def start(request: Request) -> Response:
    """Send the browser to the issuer."""
    query, headers, context = _query(request), request.headers, request.context
    try:
        open_id = _set()
        service = query.get("service_id") or ""
        service = service if is_id("service", service) else ""
        if not cookies.is_here(headers, context) and _ONCE not in query:
            # The issuer leads back to the one address that it knows, and the cookie has to be there.
            more = f"&service_id={service}" if service else ""
            return signing_pages.sent_to(f"{base_url(context)}/{_STARTED_AT}?{_ONCE}=1{more}")
        there = issuer.found(open_id)
    except Refused as refused:
        return _refused(request, refused)
    now = now_ms()
    if not cookies.from_elsewhere(headers):
        # The cookie of a session does not come along on the way back.
        sessions.end(cookies.value(headers, context), now_ms=now)
    held = f"{secrets.token_urlsafe(32)}.{now + _LASTS_MS}.{service}"
    challenge = base64.urlsafe_b64encode(sha256(_made(held, "verifier").encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": open_id.client_id,
        "redirect_uri": _back(context),
        "scope": "openid email profile",
        "state": _made(held, "state"),
        "nonce": _made(held, "nonce"),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    answer = signing_pages.sent_to(issuer.asking(there, asked))
    answer.headers["Set-Cookie"] = cookies.set_for_a_while(headers, context, _COOKIE, held, ms=_LASTS_MS)
    return answer


def callback(request: Request) -> Response:
    """Sign in whom the issuer has sent back, or say why not."""
    headers, context = request.headers, request.context
    gone = cookies.set_for_a_while(headers, context, _COOKIE, "", ms=0)
    try:
        answer, cookie = _signed_in(request)
    except Refused as refused:
        answer, cookie = _refused(request, refused), ""
    answer.headers["Set-Cookie"] = [gone, cookie] if cookie else gone
    return answer


def _signed_in(request: Request) -> tuple[Response, str]:
    query, headers, context = _query(request), request.headers, request.context
    open_id, now = _set(), now_ms()
    held = cookies.value(headers, context, _COOKIE)
    begun = _HELD.fullmatch(held)
    if begun is None or not _same(query.get("state"), _made(held, "state")) or now >= int(begun[1]):
        raise Refused("state", "no cookie" if begun is None else "another's or too late")
    there = issuer.found(open_id)
    told = query.get("iss")
    if told != open_id.issuer and (told is not None or there.names_itself):
        raise Refused("other_issuer")
    if "error" in query or not query.get("code"):
        why = issuer.word(query.get("error"))
        raise Refused("declined" if why == "access_denied" else "client" if "client" in why else "issuer", why)
    token = issuer.exchanged(
        open_id, there, code=query["code"], verifier=_made(held, "verifier"), redirect_uri=_back(context)
    )
    claims = id_token.verified(
        token, open_id, lambda anew: issuer.keys(there, anew=anew), nonce=_made(held, "nonce"), now_s=now // 1000
    )
    role, account = whose.most(claims, open_id), whose.account(claims, open_id)
    people = whose.people(account, begun[2] or "", now_ms=now)
    language = _language(headers)
    if len(people) > 1:
        services = [(str(one.service), config.get("service", str(one.service))) for one in people]
        named = [(id, str(row.name or id)) for id, row in services if row]
        return signing_pages.which(named, language), ""
    value, _ = sessions.begin("", people[0].id, now_ms=now, role=role)
    log.step("api", signed_in=people[0].id)
    return signing_pages.going_on(language), cookies.set_by(headers, context, value)


def _refused(request: Request, refused: Refused) -> Response:
    log.trouble("api", sign_in=refused.word, why=refused.why)
    return signing_pages.refused(refused.word, _language(request.headers))


def _set() -> OpenId:
    if (found := settings().open_id) is None:
        raise Refused("unset")
    return found


def _query(request: Request) -> dict[str, str]:
    """As it came: a code is repeated to the letter."""
    return dict(request.query_params or {})


def _back(context: cookies.Context) -> str:
    return f"{base_url(context)}/{_BACK_AT}"


def _language(headers: Mapping[str, str]) -> str:
    return signing_pages.language_of(headers.get("accept-language") or "")


def _made(held: str, of: str) -> str:
    """43 characters that nobody knows who has not the cookie."""
    return base64.urlsafe_b64encode(hmac.digest(held.encode(), of.encode(), "sha256")).rstrip(b"=").decode()


def _same(given: str | None, expected: str) -> bool:
    return hmac.compare_digest((given or "").encode("utf-8", "replace"), expected.encode())
