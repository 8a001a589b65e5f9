"""Who calls: the API key of the Authorization header, or else the session of the console's cookie."""

from __future__ import annotations

from chalice.app import Request

from chalicelib.api.http import cookies
from chalicelib.api.http.call import Caller
from chalicelib.domain import bearer
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import sessions, tokens
from chalicelib.tables.config import Resource


def caller(request: Request, *, body: bool = False) -> Caller:
    """The caller, by `Authorization: Bearer pk_<key id>_<secret>`, or by a session where our own page asks (`cookies`).

    Problem 401 for anything else, 403 `csrf` for a session where another page may have asked. A key costs one
    consistent read, a session two in one call.
    """
    headers = request.headers
    if "authorization" not in headers and (held := cookies.value(headers, request.context)):
        # HEAD comes as GET.
        cookies.refuse_others(headers, request.context, request.method, body=body)
        now = now_ms()
        session = sessions.find(held, now_ms=now)
        if session is None:
            raise unknown("the session has ended")
        return of_key(session.key, until_ms=sessions.used(session, now_ms=now).until_ms)
    row = tokens.api_key(bearer.of_header(headers.get("authorization")))
    if row is None:
        raise unknown("an API key is needed: Authorization: Bearer pk_...")
    return of_key(row)


def of_key(row: Resource, *, until_ms: int = 0) -> Caller:
    """Who a key stands for; `until_ms` is the end of the session that was begun with it."""
    return Caller(
        row.id,
        frozenset(row.body.get("scopes", ())),
        row.body.get("service_id") or "",
        person={"id": row.id, "name": str(row.name or row.id)},
        until_ms=until_ms,
    )


def unknown(why: str) -> Problem:
    """What whoever is not known is answered."""
    return Problem(401, "unauthorised", why, headers={"WWW-Authenticate": "Bearer"})
