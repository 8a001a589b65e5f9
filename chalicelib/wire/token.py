"""Whether a response holds the verification token: the receiver proves itself by saying it back.

IMIconnect asks for "this verification token as part of the response to every POST request" and leaves open where
(https://docs.imiconnect.com/docs/bots); these are the places we look in.
"""

from __future__ import annotations

import hmac

from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import json_of

KEYS = ("verification_token", "verificationToken", "VerificationToken", "token")
HEADER = "x-verification-token"


def token_in(exchange: Exchange, expected: str) -> bool:
    """Whether the token is the whole body (as text or as a JSON string), under one of KEYS, or in HEADER.

    False for an empty token. All places are compared in constant time.
    """
    if not expected:
        return False
    candidates = [exchange.body.strip(), _bytes(exchange.headers.get(HEADER, "").strip())]
    match json_of(exchange):
        case dict() as answer:
            candidates += [_bytes(answer[key]) for key in KEYS if isinstance(answer.get(key), str)]
        case str() as answer:
            candidates.append(_bytes(answer))
    wanted = _bytes(expected)
    # A list, not a generator: every place is compared, so the time does not tell which one was right.
    return any([hmac.compare_digest(candidate, wanted) for candidate in candidates])  # noqa: C419


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
