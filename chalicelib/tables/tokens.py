"""Who a webhook URL's token belongs to: `<id>.<random>`, checked against the hash of its random part.

The hash is kept beside the sealed token, so that an edge needs no KMS call to know its caller.
"""

from __future__ import annotations

import hashlib
import secrets

from chalicelib.tables import config
from chalicelib.tables.config import Resource


def opened_by(kind: str, token: str) -> Resource | None:
    """The bot or desk that a token opens, None for any other token; the comparison takes constant time."""
    party, _, secret = token.partition(".")
    row = config.get(kind, party)
    expected = (row.body or {}).get("token_hash", "") if row is not None else ""
    given = hashlib.sha256(secret.encode()).hexdigest()
    return row if secrets.compare_digest(given, expected) else None
