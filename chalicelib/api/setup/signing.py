"""How a person has signed in to the console, and signing them out wherever they are."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body
from chalicelib.api.setup.resources import find
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import audit, sessions, sign_ins
from chalicelib.tables.config import Resource


class SignOut(Fields):
    """What else is to end."""

    forget_account: bool = False
    """Also whose account it was: the next one with their verified address is taken for theirs."""


class IssuersAccount(BaseModel):
    """The account at an issuer that is known to be theirs."""

    issuer: str
    email: str | None
    """By which it was first known."""
    first_at: str
    last_at: str


class OneSignIn(BaseModel):
    """A sign-in of the last thirty days."""

    at: str
    key_id: str | None
    """The key that was signed in with; null: an issuer's account."""
    used_at: str | None
    """When the session was last used, to a quarter of an hour; null: it has ended."""
    expires_at: str | None
    """When it ends if it is not used any more; null: it has ended."""


class SignIns(BaseModel):
    """How a person has signed in."""

    account: IssuersAccount | None
    last_at: str | None
    """When they last signed in, of what is still known."""
    data: list[OneSignIn]


class SignedOut(BaseModel):
    """How many sessions were ended."""

    count: int


def listing(call: Call) -> Answer:
    """`{"account", "last_at", "data"}`: the account by which a person signs in, and their sign-ins of the last thirty
    days, the newest first, at most a hundred; those whose session lives say until when."""
    _, person = find(call)
    kept = sign_ins.account_of(person.id)
    shown = [_shown(noted, session) for noted, session in sessions.of_person(person.id, now_ms=now_ms())]
    times = [one["at"] for one in shown[:1]] + ([rfc3339(kept.body["last_at"])] if kept else [])
    return Answer(200, {"account": _account(kept), "last_at": max(times, default=None), "data": shown})


def out(call: Call) -> Answer:
    """200 `{"count"}`: every session of theirs is over at once, wherever; with `forget_account` also the account is
    nobody's. Keys of theirs stay: who is to be kept out is removed."""
    wanted = body(call, SignOut)
    _, person = find(call)
    now = now_ms()
    if wanted.forget_account:
        # Before the sessions: else the account could begin another one.
        sign_ins.forget(person.id)
    count = sessions.end_all(person.id, now_ms=now)
    change: dict[str, object] = {"sessions": count, "forget_account": wanted.forget_account}
    audit.note(
        str(person.service), at=now, actor=call.caller.id, action="person.signed_out", subject=person.id, change=change
    )
    return Answer(200, {"count": count})


def _account(kept: Resource | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    told = kept.body
    times = {name: rfc3339(told[name]) for name in ("first_at", "last_at")}
    return {"issuer": told["issuer"], "email": told["email"] or None} | times


def _shown(noted: Resource, session: Resource | None) -> dict[str, Any]:
    return {
        "at": rfc3339(noted.body["began_at"]),
        "key_id": noted.body.get("key"),
        "used_at": rfc3339(session.body["used_at"]) if session else None,
        "expires_at": rfc3339(sessions.until_of(session)) if session else None,
    }
