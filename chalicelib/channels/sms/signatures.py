"""Whether a post is the gateway's own, by the ways in which gateways say so. The secret is the channel's `signature`.

Most gateways sign nothing: `query` is a secret in the address that they are told to call, and the least that there is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.channels import twilio
from chalicelib.channels.contract import Channel, Request
from chalicelib.ports import signing

LEEWAY_S = 300
"""By how much a time that is signed may lie off ours."""
PARAMETER = "token"
"""The parameter of the address, where the settings name no other."""
FORM = "application/x-www-form-urlencoded"


def holds(request: Request, signature: Mapping[str, Any], secret: str) -> bool:
    """Whether a request is signed as the channel says; without a secret nothing is, but for `none`."""
    scheme = str(signature.get("scheme") or "")
    if scheme == "none":
        return True
    check = SCHEMES.get(scheme)
    if check is None or not secret:
        return False
    return check(request, secret, str(signature.get("name") or ""))


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def _header(request: Request, secret: str, name: str) -> bool:
    return _same(request.headers.get((name or "authorization").lower(), ""), secret)


def _query(request: Request, secret: str, name: str) -> bool:
    return _same(request.query.get(name or PARAMETER, ""), secret)


def _basic(request: Request, secret: str, name: str) -> bool:
    given = request.headers.get("authorization", "")
    packed = base64.b64encode(secret.encode("utf-8", "replace")).decode()
    return given[:6].lower() == "basic " and _same(given[6:].strip(), packed)


def _hub(request: Request, secret: str, name: str) -> bool:
    given = request.headers.get((name or "x-hub-signature-256").lower(), "")
    return _same(given, "sha256=" + _mac(secret, request.body).hex())


def _hmac(request: Request, secret: str, name: str) -> bool:
    """Over the body, in hex or base64, with or without what it is called before it."""
    given = request.headers.get((name or "x-signature").lower(), "").removeprefix("sha256=").strip()
    digest = _mac(secret, request.body)
    forms = (digest.hex(), base64.b64encode(digest).decode())
    return any([_same(given.lower() if one is forms[0] else given, one) for one in forms])  # noqa: C419


def _standard(request: Request, secret: str, name: str) -> bool:
    return signing.verify([secret], request.headers, request.body, now_ms=request.now_ms)


def _twilio(request: Request, secret: str, name: str) -> bool:
    return twilio.denied(request, Channel("", {}, {"auth_token": secret})) is None


def _plivo(request: Request, secret: str, name: str) -> bool:
    """https://www.plivo.com/docs/messaging/concepts/signature-validation: the URL with its query sorted, the fields
    sorted, and the nonce; the header may hold several."""
    try:
        at, fields = urlsplit(request.url), _form(request) or []
    except ValueError:
        return False
    nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
    query = "&".join(f"{field}={value}" for field, value in sorted(parse_qsl(at.query, keep_blank_values=True)))
    text = f"{at.scheme}://{at.netloc}{at.path}" + ("?" if query or fields else "") + query
    text += ("." if query and fields else "") + "".join(field + value for field, value in sorted(fields))
    expected = _base64(secret, f"{text}.{nonce}", "sha256")
    given = request.headers.get("x-plivo-signature-v3", "").split(",")[:16]
    return bool(nonce) and any([_same(one.strip(), expected) for one in given])  # noqa: C419


def _jwt(request: Request, secret: str, name: str) -> bool:
    """A JSON Web Token (HS256) with the hashes of body and address: MessageBird's `messagebird-signature-jwt`, or a
    bearer's. One of the two hashes has to be there, and each that is has to be right."""
    import jwt

    token = request.headers.get((name or "authorization").lower(), "")
    unchecked: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        claims = jwt.decode(token.removeprefix("Bearer ").strip(), secret, algorithms=["HS256"], options=unchecked)
    except (jwt.InvalidTokenError, ValueError):
        return False
    made = claims.get("iat", 0)
    since, until = claims.get("nbf", made), claims.get("exp")
    if not all(isinstance(one, int | float) for one in (made, since, until or 0)):
        return False
    until = made + LEEWAY_S if until is None else until
    if not since - LEEWAY_S <= request.now_ms / 1000 < until + LEEWAY_S:
        return False
    hashes = {"payload_hash": request.body, "url_hash": request.url.encode("utf-8", "replace")}
    named = {claim: held for claim, held in hashes.items() if claim in claims}
    if not named or (request.body and "payload_hash" not in named):
        return False
    return all(_same(str(claims[claim]), hashlib.sha256(held).hexdigest()) for claim, held in named.items())


def _vonage(request: Request, secret: str, name: str) -> bool:
    """Vonage's `sig`: HMAC-SHA256 over all parameters, sorted, with _ for & and = within them.
    https://developer.vonage.com/en/getting-started/concepts/signing-messages"""
    given = dict(_form(request) or request.query)
    if not given and request.body:
        from chalicelib.wire.json_body import mended

        try:
            held = mended(request.body)
        except ValueError:
            return False
        given = {key: str(value) for key, value in held.items()} if isinstance(held, dict) else {}
    signature, stamp = given.pop("sig", ""), given.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(request.now_ms / 1000 - int(stamp)) > LEEWAY_S:
        return False
    text = "".join(f"&{key}={value.translate(_BLANKED)}" for key, value in sorted(given.items()))
    return _same(signature.lower(), _mac(secret, text.encode("utf-8", "replace")).hex())


_BLANKED = str.maketrans("&=", "__")


def _mac(secret: str, text: bytes) -> bytes:
    return hmac.new(secret.encode("utf-8", "replace"), text, "sha256").digest()


def _base64(secret: str, text: str, digest: str) -> str:
    made = hmac.new(secret.encode("utf-8", "replace"), text.encode("utf-8", "replace"), digest).digest()
    return base64.b64encode(made).decode()


def _form(request: Request) -> list[tuple[str, str]] | None:
    """The fields in their order, blank ones too; None where it is no form."""
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        return None
    try:
        return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return None


SCHEMES: dict[str, Callable[[Request, str, str], bool]] = {
    "header": _header,
    "hub-sha256": _hub,
    "hmac-sha256": _hmac,
    "standard-webhooks": _standard,
    "twilio": _twilio,
    "basic": _basic,
    "query": _query,
    "jwt-hs256": _jwt,
    "plivo-v3": _plivo,
    "vonage": _vonage,
}
"""Word -> how it is checked. `none` is not among them: it checks nothing."""
