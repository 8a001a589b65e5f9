"""Who a token belongs to: that of a webhook URL (`<id>.<random>`), or an API key (`pk_<id>_<random>`).

Both name their row, which holds a hash: an edge reads one row, and needs no KMS call to know its caller. They are
random, so a plain hash cannot be guessed back.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from chalicelib.tables import config
from chalicelib.tables.config import Resource

_KEY = re.compile(r"pk_([a-z0-9]{16})_[A-Za-z0-9_-]{20,100}")


def digest(key: str) -> str:
    """What is stored of a key or token."""
    return hashlib.sha256(key.encode()).hexdigest()


def opened_by(kind: str, token: str) -> Resource | None:
    """The bot or desk that a token opens, None for any other token; the comparison takes constant time."""
    party, _, secret = token.partition(".")
    row = config.get(kind, party)
    expected = (row.body or {}).get("token_hash", "") if row is not None else ""
    return row if secrets.compare_digest(digest(secret), expected) else None


def api_key(key: str) -> Resource | None:
    """The row of an API key, None for any other text."""
    shape = _KEY.fullmatch(key)
    if shape is None:
        return None
    row = config.get("key", shape[1])
    # Compared also where there is no row, so that the time does not tell which key ids exist.
    same = secrets.compare_digest(str((row.body or {}).get("hash", "")) if row else "0" * 64, digest(key))
    return row if same else None
