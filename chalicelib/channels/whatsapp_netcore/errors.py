"""Netcore's error codes: https://wadocs.pepipost.com/error-codes (read November 2026)"""

from __future__ import annotations

import re
from typing import Any

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, is_nowhere, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word
from chalicelib.wire.retry_after import retry_after

PASSING = frozenset({"8005"})
"""Try later: a technical error of theirs."""
OWNERS = frozenset({"8004"})
"""Nothing is wrong with the message: the account is not known, which is the owner's to mend."""
_CODE = re.compile(r"\b(8\d{3}|1[13]\d{4})\b")
"""One of Netcore's or of Meta's in a remark."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Netcore took what it was given.

    A refusal carries its code: 8001 and 8006 (parameters), 8002 (has not opted in), 8003 (not on WhatsApp), 8007 (more
    than 24 hours), 8008 (file), ...
    """
    given = answered(exchange)
    code, reason = read(given)
    named = ": ".join(one for one in (code, reason) if one)[:300]
    if later := unanswered(exchange, now_ms):
        return TryLater(named or later.error, later.after_s)
    if exchange.status < 300 and word(given.get("status")).lower() not in ("failure", "error"):
        return None
    if exchange.status in (401, 403) or is_nowhere(exchange, code) or code in PASSING | OWNERS:
        return TryLater(named or f"http_{exchange.status}", retry_after(exchange.headers, now_ms=now_ms))
    return Refused(code or f"http_{exchange.status}", reason or f"Netcore answered {exchange.status}")


def read(given: dict[str, Any]) -> tuple[str, str]:
    """Code and reason of an answer that is a no."""
    inner = given.get("error")
    error = inner if isinstance(inner, dict) else given
    reason = word(error.get("message")).strip() or word(inner)
    return (word(error.get("code"))[:32], reason[:500]) if inner else ("", "")


def remarked(remark: str) -> dict[str, str]:
    """Code and reason of a message that failed."""
    found = _CODE.search(remark)
    return {"code": found[1] if found else "failed", "reason": remark[:500] or "Netcore gave no reason"}
