"""What an ID token says, once it has proved to be the issuer's, for us, for this very sign-in, and in time.
https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from chalicelib.api.console.refused import Refused
from chalicelib.ports.settings import OpenId

_KINDS = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Algorithm -> the type and curve of its keys. None without a key, and none by a secret that the issuer shares."""
_LEEWAY_S = 60
"""Clocks may differ by so much."""
_OLDEST_S = 600
"""It is made when the code is exchanged, or at the earliest when the sign-in was begun."""
_MOST = 65_536
_LEAST_BITS = 2048
Keys = Callable[[bool], list[dict[str, Any]]]
"""The issuer's keys; True: fetched anew."""


def verified(token: str, open_id: OpenId, keys: Keys, *, nonce: str, now_s: int) -> dict[str, Any]:
    """The claims of an ID token; Refused `token` with what is wrong of it."""
    import jwt

    try:
        head = jwt.get_unverified_header(token[: _MOST + 1]) if len(token) <= _MOST else {}
        algorithm = head.get("alg")
        if algorithm not in _KINDS:
            raise Refused("token", "algorithm")
        key = _key(head, algorithm, keys)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=open_id.client_id,
            issuer=open_id.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.InvalidTokenError as error:
        # Its text may hold a claim; its kind does not.
        raise Refused("token", type(error).__name__) from None
    audience, party = claims["aud"], claims.get("azp")
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in (None, open_id.client_id):
        raise Refused("token", "azp")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Refused("token", "nonce")
    if now_s - int(claims["iat"]) > _OLDEST_S + _LEEWAY_S:
        raise Refused("token", "old")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise Refused("token", "sub")
    return claims


def _key(head: dict[str, Any], algorithm: str, keys: Keys) -> Any:
    """The issuer's key that the token names; a name that is not known is looked for once more among its newest keys."""
    import jwt

    fitting = _fitting(keys(False), head.get("kid"), algorithm) or _fitting(keys(True), head.get("kid"), algorithm)
    if len(fitting) != 1:
        raise Refused("token", "key" if not fitting else "which_key")
    try:
        key = jwt.PyJWK(fitting[0], algorithm).key
    except (jwt.exceptions.PyJWTError, ValueError, TypeError, KeyError):
        raise Refused("token", "key_unreadable") from None
    if _KINDS[algorithm][0] == "RSA" and key.key_size < _LEAST_BITS:
        raise Refused("token", "key_short")
    return key


def _fitting(keys: list[dict[str, Any]], kid: Any, algorithm: str) -> list[dict[str, Any]]:
    kind, curve = _KINDS[algorithm]
    return [
        one
        for one in keys
        if one.get("kty") == kind
        and (not curve or one.get("crv") == curve)
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (kid is None or one.get("kid") == kid)
    ]
