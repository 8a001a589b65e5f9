"""Consent that a channel tells of: it is for what comes from that channel's address, and stands under its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALL, MARKETING = "all", "marketing"
SCOPES = (ALL, MARKETING)
TRANSACTIONAL, NOTIFICATION = "transactional", "notification"
SERVING = (TRANSACTIONAL, NOTIFICATION)
"""Purposes of what serves who is written to, as that their parcel is on its way: no marketing."""
OPTED_OUT = "opted_out"
"""Code of the error of a message that its contact's consent says no to."""
SOURCE = "channel"
"""How it came to be known, in a contact's consent."""


def purpose(scope: str, channel: str) -> str:
    """The name under which a contact's consent keeps what was said to one channel: who stops one number has not stopped
    another."""
    return f"{scope}@{channel}"


def refusal(consent: Mapping[str, Any], purpose_of_it: str, channel: str) -> str:
    """The name under which a contact's consent says no to being written to for a purpose on a channel; empty where it
    does not.

    Who wants to hear nothing hears nothing. Each purpose that is not one of SERVING is marketing, too.
    """
    scopes = (ALL, purpose_of_it) if purpose_of_it in SERVING else (ALL, MARKETING, purpose_of_it)
    return _no(consent, scopes, channel)


def silenced(consent: Mapping[str, Any], channel: str) -> str:
    """The same of whoever wants to hear nothing at all on a channel."""
    return _no(consent, (ALL,), channel)


def _no(consent: Mapping[str, Any], scopes: tuple[str, ...], channel: str) -> str:
    names = (name for scope in scopes for name in (scope, purpose(scope, channel)))
    return next((name for name in names if _is_no(consent.get(name))), "")


def reason(refused: str) -> str:
    """Why a message is not sent, for people."""
    return f"the contact's consent says no ({refused})"


def _is_no(said: Any) -> bool:
    return (said.get("given") if isinstance(said, Mapping) else said) is False
