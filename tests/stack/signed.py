"""Standard Webhooks by hand, as somebody would write it who has only read the specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from tests.outside import Heard


def signature(secret: str, id: str, at: str, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256 over id.timestamp.body>`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, b".".join((id.encode(), at.encode(), body)), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed(secret: str, body: bytes, *, at: int | None = None, id: str = "x1") -> dict[str, str]:
    """The headers of a signed request; `at` in seconds, now where it is not given."""
    stamp = str(at or int(time.time()))
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature(secret, id, stamp, body)}


def is_signed(heard: Heard, secret: str) -> bool:
    """Whether what was heard bears a good signature of about now."""
    id, at = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
    good = signature(secret, id, at, heard.raw) in heard.headers["webhook-signature"].split()
    return good and abs(time.time() - int(at)) < 60
