"""Gupshup's error codes: what passes, what the owner has to mend, and what is a no.

https://partner-docs.gupshup.io/docs/error-codes (2025) for Gupshup's own; those of six digits are Meta's, which Gupshup
hands on: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, is_nowhere, unanswered
from chalicelib.domain.consent import MARKETING
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word
from chalicelib.wire.retry_after import retry_after

PASSING = frozenset({"500", "4001", "4002", "130429", "131000", "131016", "131048", "131053", "131056", "131057"})
"""Try later: an error of theirs, too many calls, an odd answer of WhatsApp's."""
OWNERS = frozenset({"1001", "1003", "190", "131005", "131031", "131042", "131045", "132015", "132016"})
"""Nothing is wrong with the message: the app's bot, the wallet, the account or the template is the owner's to mend."""
_OWNERS_WORDS = ("authentication failed", "unauthorized", "portal user not found", "invalid app details", "balance")
"""What Gupshup says instead of a code."""
OPTED_OUT = {"1012": "all", "131050": MARKETING}
"""Code -> of what the user wants no more."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Gupshup took what it was given.

    A refusal carries its code: 1002 (not on WhatsApp), 1004 to 1008 (no word of the user's within 24 hours, and no
    template that they have agreed to), 1010 and 1011 (file), ...; or `http_400`, as most of its noes have none.
    """
    given = answered(exchange)
    code, reason = read(given)
    if later := unanswered(exchange, now_ms):
        return TryLater(_said(code, reason) or later.error, later.after_s)
    if exchange.status < 300 and word(given.get("status")) != "error":
        return None
    if (
        exchange.status in (401, 402, 403)
        or is_nowhere(exchange, code)
        or code in PASSING | OWNERS
        or _is_owners(reason)
    ):
        named = _said(code or f"http_{exchange.status}", reason)
        return TryLater(named, retry_after(exchange.headers, now_ms=now_ms))
    scope = OPTED_OUT.get(code, "all")
    reason = reason or f"Gupshup answered {exchange.status}"
    return Refused(code or f"http_{exchange.status}", reason, opted_out=code in OPTED_OUT, scope=scope)


def read(given: dict[str, Any]) -> tuple[str, str]:
    """Code and reason of an answer, or of what a failure is told with."""
    inner = given.get("message")
    if isinstance(inner, dict):
        given = inner
    reason = word(given.get("reason")) or word(given.get("message"))
    return word(given.get("code"))[:32], reason[:500]


def failure(given: dict[str, Any]) -> dict[str, str]:
    """Code and reason of a message that failed."""
    code, reason = read(given)
    return {"code": code or "failed", "reason": reason or "Gupshup gave no reason"}


def _said(code: str, reason: str) -> str:
    return ": ".join(one for one in (code, reason) if one)[:300]


def _is_owners(reason: str) -> bool:
    return any(one in reason.lower() for one in _OWNERS_WORDS)
