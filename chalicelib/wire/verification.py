"""The trial call that makes a webhook active, and how its answer is judged (contract 1)."""

from __future__ import annotations

import hmac
from typing import Any

from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import json_of
from chalicelib.wire.outcome import Failed, outcome
from chalicelib.wire.times import imi_time

_WHY = {
    "timeout": "it did not answer in time",
    "dns": "its name has no address",
    "connect": "no connection came about",
    "tls": "its certificate is not valid for that name",
    "private_address": "its address is not public",
    "bad_url": "its URL cannot be called: https, a public name, port 443, 80 or 8443, no user name",
    "bad_header": "one of its headers is malformed",
    "too_large": "its response is too large",
    "protocol": "the connection broke, or the response is no HTTP",
    "token_mismatch": "the verification token is not in its response",
}


def verification(challenge: str, at_ms: int) -> dict[str, Any]:
    """The body of a trial call, the same for every profile."""
    return {"Event": "Verification", "Challenge": challenge, "Timestamp": imi_time(at_ms)}


def passed(exchange: Exchange, challenge: str, token: str | None) -> str:
    """Why the webhook does not pass, in words without secrets; empty where it does.

    It passes by a 2xx that holds the token, where one is set. A response that says the challenge back (`Challenge`, any
    case) must say it right.
    """
    tried = outcome(exchange, token=token)
    if isinstance(tried, Failed):
        if tried.error == "redirect":
            return f"it answered {exchange.status}; redirects are not followed"
        return _WHY.get(tried.error) or f"it answered {exchange.status or tried.error}"
    answer = json_of(exchange)
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key.lower() == "challenge" and not _same(value, challenge):
                return "its response says another challenge back"
    return ""


def _same(value: Any, challenge: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode("utf-8", "surrogatepass"), challenge.encode())
