"""How a kind of channel spells whom it reaches, so that who is written to first is the same thread and the same contact
as when they write themselves.

An adapter says it as `ADDRESSES`: `phone` (E.164), `digits` (the same without its plus) or `email`. One that says
nothing has addresses of its provider's own making: they are taken as they are, and nobody's number leads to one.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.channels import KINDS, load
from chalicelib.domain.identities import EMAIL, PHONE, normalised

AS_PHONE, AS_DIGITS, AS_EMAIL = "phone", "digits", "email"
_LEAST = 8
"""Digits of a number that can have its country's code."""
_IDENTITY = {AS_PHONE: PHONE, AS_DIGITS: PHONE, AS_EMAIL: EMAIL}


def form(kind: str) -> str:
    """How a kind spells its addresses; empty where they are of its provider's own making."""
    found: str = getattr(load(kind), "ADDRESSES", "") if kind in KINDS else ""
    return found


def spelled(kind: str, given: str, country: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """(the address as its channel has it, the identities that it says) of what somebody typed; ValueError with a
    sentence where it can be none. A national number is read in `country`."""
    identity = _IDENTITY.get(form(kind))
    if identity is None:
        return given.strip(), ()
    try:
        value = normalised(identity, given, country=country)
    except ValueError:
        digits = given.strip()
        if form(kind) != AS_DIGITS or not (digits.isascii() and digits.isdigit() and len(digits) >= _LEAST):
            raise
        # As the channel itself spells it.
        value = normalised(identity, f"+{digits}")
    return of_identity(kind, identity, value), ((identity, value),)


def of_identity(kind: str, identity: str, value: str) -> str:
    """The address of whom a (normalised) identity is; empty where it leads to none on this kind."""
    spelling = form(kind)
    if not spelling or _IDENTITY[spelling] != identity:
        return ""
    return value.removeprefix("+") if spelling == AS_DIGITS else value


def first_of(kind: str, identities: Sequence[tuple[str, str]]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """(address, the identity that says it) of the first of somebody's identities that leads to one; empty for none."""
    found = ((of_identity(kind, *one), (one,)) for one in identities)
    return next(((address, of) for address, of in found if address), ("", ()))


def begins(kind: str) -> bool:
    """Whether a thread can begin with us: not where the customer's side fetches what is there, as then nobody would."""
    return kind in KINDS and "pull" not in load(kind).CAN and "send" in load(kind).CAN
