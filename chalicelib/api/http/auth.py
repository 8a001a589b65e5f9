"""Who calls: the API key of the Authorization header, or else the session of the console's cookie."""

from __future__ import annotations

from chalice.app import Request

from chalicelib.api.http import cookies
from chalicelib.api.http.call import Caller, highest
from chalicelib.api.http.routes import AGENT, SCOPES
from chalicelib.domain import bearer
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import config, sessions, sign_links, tokens
from chalicelib.tables.config import Resource


def caller(request: Request, *, body: bool = False) -> Caller:
    """The caller, by `Authorization: Bearer pk_<key id>_<secret>`, or by a session where our own page asks (`cookies`).

    Problem 401 for anything else, 403 `csrf` for a session where another page may have asked. A key costs one
    consistent read, a session two in one call; whose a key is costs one more.
    """
    headers = request.headers
    if "authorization" not in headers and (held := cookies.value(headers, request.context)):
        # HEAD comes as GET.
        cookies.refuse_others(headers, request.context, request.method, body=body)
        now = now_ms()
        session = sessions.find(held, now_ms=now)
        if session is not None:
            until = sessions.used(session, now_ms=now).until_ms
            if session.key is not None:
                return of_key(session.key, session.person, until_ms=until)
            if session.person is not None:
                return of_person(session.person, until_ms=until, role=session.role)
        raise unknown("the session has ended")
    if (found := opened(bearer.of_header(headers.get("authorization")))) is None:
        raise unknown("an API key is needed: Authorization: Bearer pk_...")
    return of_key(*found)


def opened(key: str) -> tuple[Resource, Resource | None] | None:
    """The row of an API key and of whose it is (None: nobody's); None for any other text, and where the person is
    gone."""
    return _and_whose(tokens.api_key(key))


def linked(word: str) -> tuple[Resource, Resource | None] | None:
    """As `opened`, of the word of a link that signs in once; from now on it opens nothing."""
    key = sign_links.redeemed(word, now_ms=now_ms())
    return _and_whose(config.get("key", key)) if key else None


def _and_whose(row: Resource | None) -> tuple[Resource, Resource | None] | None:
    if row is None or not (id := row.body.get("person_id")):
        return (row, None) if row else None
    person = config.get("person", id)
    return (row, person) if person else None


def of_key(key: Resource, person: Resource | None, *, until_ms: int = 0) -> Caller:
    """Who a key stands for, by the rows that `opened` gives; `until_ms` is the end of the session that was begun with
    it. A person's key may what both its scopes and the person's role allow."""
    scopes = frozenset(key.body.get("scopes", ()))
    name, service = str(key.name or key.id), key.body.get("service_id") or ""
    if person is None:
        return Caller(key.id, scopes, service, person={"id": key.id, "name": name}, until_ms=until_ms)
    return _somebody(
        person, frozenset({_lower(person.body["role"], highest(scopes))}) if scopes else scopes, service, until_ms
    )


def of_person(person: Resource, *, until_ms: int, role: str = "") -> Caller:
    """A person who has signed in without a key, for their own service; `role`: the most that the session may."""
    theirs = person.body["role"]
    return _somebody(person, frozenset({_lower(theirs, role or theirs)}), str(person.service), until_ms)


def _somebody(person: Resource, scopes: frozenset[str], service: str, until_ms: int) -> Caller:
    role, desks = person.body["role"], person.body.get("desk_ids")
    return Caller(
        person.id,
        scopes,
        service,
        person={"id": person.id, "name": str(person.name)},
        email=person.body.get("email") or "",
        desks=frozenset(desks) if role == AGENT and desks is not None else None,
        until_ms=until_ms,
    )


def _lower(one: str, other: str) -> str:
    return max(one, other, key=SCOPES.index)


def unknown(why: str) -> Problem:
    """What whoever is not known is answered."""
    return Problem(401, "unauthorised", why, headers={"WWW-Authenticate": "Bearer"})
