"""The signing secrets of a webhook: one, or two while a rotation overlaps."""

from __future__ import annotations

CURRENT, OLD, OLD_UNTIL = "signing_secret", "signing_secret_old", "signing_secret_old_until"
"""Names within what is sealed of a bot or desk; OLD_UNTIL holds milliseconds since the epoch as text."""


def first(sealed: dict[str, str], secret: str) -> dict[str, str]:
    """With its first secret."""
    return sealed | {CURRENT: secret}


def rotated(sealed: dict[str, str], secret: str, *, old_until_ms: int) -> dict[str, str]:
    """With a new secret; the one before stays valid until a time, an older one ends now."""
    return sealed | {CURRENT: secret, OLD: sealed[CURRENT], OLD_UNTIL: str(old_until_ms)}


def valid(sealed: dict[str, str], now_ms: int) -> list[str]:
    """The secrets with which to sign at a time, the newest first."""
    secrets = [sealed[CURRENT]] if CURRENT in sealed else []
    if OLD in sealed and now_ms < int(sealed.get(OLD_UNTIL, "0")):
        secrets.append(sealed[OLD])
    return secrets
