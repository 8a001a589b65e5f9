"""Ids: by their cause where there is one, so that doing a step twice names the same thing."""

from __future__ import annotations

import base64
import hashlib
import secrets

from ulid import ULID

_WIDTH = 26


def from_cause(prefix: str, *causes: str | int) -> str:
    """An id that the same causes give again: prefix, `_`, 26 characters (130 bits) of their SHA-256."""
    digest = hashlib.sha256("\x1f".join(str(cause) for cause in causes).encode()).digest()
    return f"{prefix}_{base64.b32encode(digest).decode().lower()[:_WIDTH]}"


def new(prefix: str) -> str:
    """A new id that sorts by the time of its making."""
    return f"{prefix}_{str(ULID()).lower()}"


def at_from_cause(prefix: str, at_ms: int, *causes: str | int) -> str:
    """An id that the same time and causes give again, and that sorts by the time as those of `new` do."""
    digest = hashlib.sha256("\x1f".join(str(cause) for cause in causes).encode()).digest()
    return f"{prefix}_{str(ULID(at_ms.to_bytes(6, 'big') + digest[:10])).lower()}"


def token(n_bytes: int = 32) -> str:
    """An unguessable URL-safe token."""
    return secrets.token_urlsafe(n_bytes)
