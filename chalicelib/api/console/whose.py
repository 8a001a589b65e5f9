"""Whose an account of an issuer is: the person that it is known to be, or the first time by their verified address.

A person belongs to one service, so an account may be several people's; which of them is then asked.
"""

from __future__ import annotations

from typing import Any

from chalicelib.api.console.refused import Refused
from chalicelib.domain.identities import EMAIL, normalised
from chalicelib.ports.settings import OpenId
from chalicelib.tables import config, sign_ins
from chalicelib.tables.config import Resource
from chalicelib.tables.sign_ins import Account

_SERVICES = 200
"""As many are looked through for an address that is not known yet, a query each."""


def account(claims: dict[str, Any], open_id: OpenId) -> Account:
    """What the claims say of somebody; Refused where their address is not among those that are let in."""
    email = _email(claims, open_id)
    if open_id.domains and email.rpartition("@")[2].lower() not in open_id.domains:
        raise Refused("domain" if email else "address")
    return Account(open_id.issuer, claims["sub"], email)


def _email(claims: dict[str, Any], open_id: OpenId) -> str:
    given, verified = claims.get("email"), claims.get("email_verified")
    # Some send the word.
    if not isinstance(given, str) or not (
        verified in (True, "true") or (open_id.trusts_addresses and verified is None)
    ):
        return ""
    try:
        return normalised(EMAIL, given)
    except ValueError:
        return ""


def most(claims: dict[str, Any], open_id: OpenId) -> str:
    """The role that the claims allow at most, empty where none is set; Refused where they allow none."""
    if not open_id.roles_claim:
        return ""
    told = claims.get(open_id.roles_claim)
    values = told if isinstance(told, list) else [told]
    # In the order of the setting: what stands first goes first.
    for value, role in open_id.roles:
        if value in values:
            return role
    raise Refused("role")


def people(account: Account, service: str, *, now_ms: int) -> list[Resource]:
    """The people whose account it is, of one service where one is named; Refused where it is nobody's."""
    known = sign_ins.people_of(account)
    still = [(person, kept) for person, kept in known if sign_ins.holds(person, kept, account)]
    if service:
        still = [(person, kept) for person, kept in still if person.service == service]
    if still:
        if len(still) == 1:
            sign_ins.seen(still[0][0].id, still[0][1], now_ms=now_ms)
        return [person for person, _ in still]
    if not account.email:
        raise Refused("address")
    found = [person for one in _services(service) for person in config.of_kind(one, "person") if _has(person, account)]
    if not found:
        raise Refused("nobody")
    if len(found) == 1:
        _take(found[0], account, now_ms=now_ms)
    return found


def _take(person: Resource, account: Account, *, now_ms: int) -> None:
    kept = sign_ins.account_of(person.id)
    theirs = kept is not None and kept.body["issuer"] == account.issuer and kept.body["subject"] != account.subject
    if kept is not None and theirs and kept.body["email"] == account.email:
        # The issuer has given the address to somebody else, or it is another account of theirs: an admin knows which.
        raise Refused("other_account")
    if not sign_ins.bind(person.id, account, instead=kept, now_ms=now_ms):
        raise Refused("state", "another sign-in at the same time")


def _services(service: str) -> list[str]:
    if service:
        return [service]
    rows, _ = config.list_kind(config.SERVICES, "service", limit=_SERVICES)
    return [row.id for row in rows]


def _has(person: Resource, account: Account) -> bool:
    return bool((person.body or {}).get("email") == account.email)
