"""Who a visitor is, as the server of the page vouches for it.

A JSON Web Token (RFC 7519) that the owner's server signs with the channel's secret `identity_secret` (HMAC-SHA256,
HS256), so that no visitor can name anybody but themselves. Claims: `external_id` (or `sub`), `name`, `email`, `phone`,
and `exp` in seconds since 1970. https://www.rfc-editor.org/rfc/rfc7519
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.identities import EMAIL, EXTERNAL, PHONE
from chalicelib.wire.fields import MAX_ID

MOST = 4096
"""Characters of a token."""
LEEWAY_S = 60
"""By how much the clocks of two servers may differ."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whom the page's server vouches for."""

    name: str
    identities: tuple[tuple[str, str], ...]
    """(kind, value), as of `contract.Said`."""


@dataclass(frozen=True, slots=True)
class NotVouched:
    """Nobody vouches for what the page says."""

    code: str
    detail: str


def read(token: str, secret: str, *, now_ms: int) -> Visitor | NotVouched:
    """Whom a token names. The signature is checked first: of a wrong one nothing else is said."""
    # Only visitors whom somebody knows cost this import.
    import jwt

    unchecked: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options=unchecked)
    except jwt.InvalidTokenError:
        return NotVouched("wrong_identity", "identity is no token that was signed with the channel's identity_secret")
    until, since = _time(claims.get("exp")), _time(claims.get("nbf", 0))
    if until is None or since is None:
        return NotVouched("wrong_identity", "identity must have exp, in seconds since 1970")
    if not since - LEEWAY_S <= now_ms / 1000 < until + LEEWAY_S:
        return NotVouched("identity_expired", "identity is not valid now; the page's server has to make a new one")
    return _named(claims)


def _time(value: Any) -> float | None:
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
    return float(value) if is_one else None


def _named(claims: Mapping[str, Any]) -> Visitor | NotVouched:
    wrong = [name for name in ("external_id", "sub", "name", "email", "phone") if not _is_text(claims.get(name))]
    if wrong:
        return NotVouched("wrong_identity", f"in identity {wrong[0]} must be text of at most {MAX_ID} characters")
    external = claims.get("external_id") or claims.get("sub")
    if not external:
        return NotVouched("wrong_identity", "identity must have external_id, or sub")
    found = [(EXTERNAL, str(external))]
    found += [(kind, str(claims[kind])) for kind in (EMAIL, PHONE) if claims.get(kind)]
    return Visitor(claims.get("name") or "", tuple(found))


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= MAX_ID)
