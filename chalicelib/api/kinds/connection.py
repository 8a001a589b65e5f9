"""What is known of a channel's connection to its provider: a member of the channel's row, and how it is shown.

Of kinds whose provider cannot be asked nothing is kept: they are `active` as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib import channels
from chalicelib.ports.clock import rfc3339

CONNECTION = "connection"
"""The member's name."""
ACTIVE, UNVERIFIED = "active", "unverified"
NEVER = "not checked yet"
WARN_MS = 7 * 86_400_000
"""So long before its end a token needs somebody."""
UNKNOWN, GOOD, EXPIRING, EXPIRED = "unknown", "good", "expiring", "expired"


@dataclass(frozen=True, slots=True)
class Connection:
    """How it stands; times are milliseconds since the epoch, 0: never, or not known."""

    status: str = UNVERIFIED
    reason: str = NEVER
    """What the last check came to, where it did not pass; without any secret."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the provider says of the address."""
    verified_at: int = 0
    """When it last passed."""
    checked_at: int = 0
    expires_at: int = 0
    """When the token ends."""

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self) | {"facts": dict(self.facts)}

    def token(self, now: int) -> str:
        """How its token stands: a word of UNKNOWN, GOOD, EXPIRING, EXPIRED."""
        if not self.expires_at:
            return UNKNOWN
        return EXPIRED if self.expires_at <= now else EXPIRING if self.expires_at - WARN_MS <= now else GOOD


def asks(kind: str) -> bool:
    """Whether the provider of channels of a kind can be asked."""
    return kind in channels.KINDS and "connect" in channels.load(kind).CAN


def of(body: Mapping[str, Any]) -> Connection:
    """The connection of a channel by its fields."""
    if not asks(str(body.get("kind"))):
        return Connection(ACTIVE, "")
    kept: dict[str, Any] = body.get(CONNECTION) or {}
    verified, looked, ends = (int(kept.get(name) or 0) for name in ("verified_at", "checked_at", "expires_at"))
    return Connection(
        kept.get("status", UNVERIFIED), kept.get("reason", NEVER), kept.get("facts") or {}, verified, looked, ends
    )


def shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a channel's answer says of it."""
    found = of(body)
    return {
        "status": found.status,
        "status_reason": found.reason or None,
        "facts": dict(found.facts),
        "verified_at": _time(found.verified_at),
        "token_expires_at": _time(found.expires_at),
    }


def health(body: Mapping[str, Any], now: int) -> dict[str, Any]:
    """As `shown`, with when it was last looked at."""
    found = of(body)
    more = {"checks": asks(str(body.get("kind"))), "checked_at": _time(found.checked_at), "token": found.token(now)}
    return shown(body) | more


def _time(ms: int) -> str | None:
    return rfc3339(ms) if ms else None
