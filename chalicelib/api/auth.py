"""Who calls: the API key of the Authorization header."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from hmac import compare_digest

from chalicelib.api.front import Caller
from chalicelib.ports.web import Problem
from chalicelib.tables import config

_KEY = re.compile(r"pk_([a-z0-9]{16})_[A-Za-z0-9_-]{20,100}")


def digest(key: str) -> str:
    """What is stored of a key. A key is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(key.encode()).hexdigest()


def caller(headers: Mapping[str, str]) -> Caller:
    """The caller, by `Authorization: Bearer pk_<key id>_<secret>`; Problem 401 for anything else."""
    scheme, _, key = (headers.get("authorization") or "").strip().partition(" ")
    shape = _KEY.fullmatch(key.strip()) if scheme.lower() == "bearer" else None
    row = config.get("key", shape[1]) if shape else None
    # Compared also where there is no row, so that the time does not tell which key ids exist.
    same = compare_digest(str((row.body or {}).get("hash", "")) if row else "0" * 64, digest(key.strip()))
    if row is None or not same:
        raise Problem(
            401,
            "unauthorised",
            "an API key is needed: Authorization: Bearer pk_...",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Caller(row.id, frozenset(row.body.get("scopes", ())), row.body.get("service_id") or "")
