"""Standard Webhooks 1.0: how deliveries are signed, and how those of others are checked.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

PREFIX = "whsec_"
TOLERANCE_S = 300
_MOST_SIGNATURES = 16
"""Of one request; more are no rotation but an attempt to make us compute."""


def new_secret() -> str:
    """A new signing secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def usable(secret: str) -> bool:
    """Whether a secret that somebody brings is one by the standard: `whsec_` and base64 of 24 to 64 bytes."""
    if not secret.startswith(PREFIX):
        return False
    try:
        return 24 <= len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) <= 64
    except (binascii.Error, ValueError):
        return False


def headers(secrets: Sequence[str], *, id: str, at_ms: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed request; one signature per secret, so that secrets can be rotated.

    `id` is the delivery's: the same on every attempt. `at_ms` is the time of the attempt. `body` is UTF-8.
    ValueError without a secret or an id.
    """
    if not secrets or not id:
        raise ValueError("signing needs a secret and an id")
    seconds = at_ms // 1000
    return {
        "webhook-id": id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_sign(secret, id, seconds, body.decode()) for secret in secrets),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now_ms: int) -> bool:
    """Whether one of the secrets signed the request at most five minutes from now, before or after.

    `headers` has lower-case names. The library's own `verify` is not used: it reads the system's clock and raises on
    malformed signatures.
    """
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(now_ms / 1000 - int(stamp)) > TOLERANCE_S:
        return False
    try:
        text = body.decode()
        expected = [_sign(secret, id, int(stamp), text).encode() for secret in secrets]
    except (ValueError, EmptyWebhookSecretError):
        return False
    given = headers.get("webhook-signature", "").split()[:_MOST_SIGNATURES]
    # A list, not a generator: all are compared, so the time does not tell which one was close.
    return any([hmac.compare_digest(one.encode(), ours) for one in given for ours in expected])  # noqa: C419


def _sign(secret: str, id: str, seconds: int, body: str) -> str:
    return Webhook(secret).sign(id, datetime.fromtimestamp(seconds, UTC), body)
