"""Secrets that an outside system shows as `Authorization: Bearer ...`: shown once, kept as hashes.

What is kept is `{"hash"}`, or `{"hash", "old_hash", "old_until"}` while a rotation overlaps; a resource has it in its
body under `FIELD`. The secrets are 256 random bits, so a plain hash cannot be guessed back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

FIELD = "bearer"
"""Name of the field of a resource's body: never answered, and in the audit only that it changed."""
PREFIXES = {"source": "src", "trigger": "trg"}
"""Kind of resource -> what its secrets begin with, so that a scanner of code can tell them."""

Kept = dict[str, Any]


def make(prefix: str) -> tuple[str, Kept]:
    """(a new secret `<prefix>_<43 characters>`, what is kept of it)."""
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    return secret, {"hash": _hash(secret)}


def rotated(kept: Mapping[str, Any], prefix: str, *, old_until_ms: int) -> tuple[str, Kept]:
    """(a new secret, what is kept): the one before stays valid until a time in milliseconds, an older one ends now."""
    secret, new = make(prefix)
    return secret, new | {"old_hash": kept["hash"], "old_until": old_until_ms}


def matches(kept: Mapping[str, Any], secret: str, *, now_ms: int) -> bool:
    """Whether a secret is one of the valid ones; takes the same time for each wrong one."""
    given = _hash(secret)
    new = hmac.compare_digest(str(kept.get("hash", "")), given)
    old = hmac.compare_digest(str(kept.get("old_hash", "")), given)
    return new or (old and now_ms < int(kept.get("old_until", 0)))


def of_header(authorization: str | None) -> str:
    """The secret in the value of an `Authorization` header; empty where it is none of the scheme Bearer."""
    scheme, _, secret = (authorization or "").strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
