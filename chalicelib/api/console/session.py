"""Signing in to the console: an API key is given once for a cookie that scripts cannot read, and is kept nowhere; or
the word of a link that stands for one, once.

What is asked with the cookie costs two or three consistent reads in one call (the session, its key, whose it is), and
a write every quarter of an hour. Signing in costs a read or two and a write, and one more write where somebody was
signed in before.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.http import auth, cookies, fields
from chalicelib.api.http.call import Answer, Call, Caller
from chalicelib.api.http.fields import Fields
from chalicelib.api.http.formats import named
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import config, sessions

_SERVICES = 500
"""As many as a person is shown to choose from."""


class SignIn(Fields):
    """Who signs in."""

    key: Annotated[str, Field(min_length=1, max_length=1000), named("api-key")]
    """An API key, or the word of a link that signs in once."""


class SomebodySignedIn(BaseModel):
    """Who is signed in."""

    id: str
    name: str
    email: str | None
    role: Literal["admin", "agent", "read"]


class ServiceToChoose(BaseModel):
    """A service that may be looked at."""

    id: str
    name: str


class Me(BaseModel):
    """Who is signed in, and what there is to see."""

    me: SomebodySignedIn
    services: list[ServiceToChoose]
    all_services: bool
    """Whether these are all there are, and so what belongs to none may be seen."""
    desk_ids: list[str] | None
    """The only desks whose conversations are shown; null: all."""
    expires_at: str | None
    """When the session ends if it is not used any more; null where a key is used and no session."""


def begin(call: Call) -> Answer:
    """Sign in: the answer sets the session's cookie. Whoever was signed in before is signed out."""
    before = _refused(call)
    given = fields.body(call, SignIn)
    if (found := auth.opened(given.key) or auth.linked(given.key)) is None:
        raise auth.unknown("this key is not known")
    key, person = found
    now = now_ms()
    # A new one each time: whoever has put a cookie of theirs into somebody's browser does not come in with it.
    held, until = sessions.begin(key.id, person.id if person else "", now_ms=now)
    sessions.end(before, now_ms=now)
    cookie = cookies.set_by(call.headers, call.context, held)
    return Answer(200, _me(auth.of_key(key, person, until_ms=until)), headers={"Set-Cookie": cookie})


def current(call: Call) -> Answer:
    """Who is signed in."""
    return Answer(200, _me(call.caller))


def end(call: Call) -> Answer:
    """Sign out: the session is over at once, also for whoever may have copied its cookie."""
    sessions.end(_refused(call), now_ms=now_ms())
    return Answer(204, headers={"Set-Cookie": cookies.set_by(call.headers, call.context, "")})


def _refused(call: Call) -> str:
    """What the cookie holds, empty where there is none; Problem 403 where another page may have asked."""
    cookies.refuse_others(call.headers, call.context, call.route.method, body=bool(call.raw))
    return cookies.value(call.headers, call.context)


def _me(caller: Caller) -> dict[str, Any]:
    return {
        "me": caller.person | {"email": caller.email or None, "role": caller.role},
        "services": [{"id": row.id, "name": str(row.name or row.id)} for row in _services(caller)],
        "all_services": not caller.service,
        "desk_ids": sorted(caller.desks) if caller.desks is not None else None,
        "expires_at": rfc3339(caller.until_ms) if caller.until_ms else None,
    }


def _services(caller: Caller) -> list[config.Resource]:
    if not caller.service:
        return config.list_kind(config.SERVICES, "service", limit=_SERVICES)[0]
    row = config.get("service", caller.service)
    return [row] if row else []
