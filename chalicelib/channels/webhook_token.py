"""The secret word that a provider without signatures brings with each call, wherever its owner could put it there."""

from __future__ import annotations

import base64
import binascii
import hmac

from chalicelib.channels.contract import Channel, Denied, Request

NAME = "webhook_token"
"""Of the secret: an adapter that asks for it says so as a `token` among its `SECRETS`."""
HEADER = "x-webhook-token"
QUERY = "token"


def denied(request: Request, channel: Channel) -> Denied | None:
    """None where a call brings the channel's token: in its address (`?token=`), as `Authorization` (a bearer's, the
    password of Basic, or itself), or as `X-Webhook-Token`. 401 without one."""
    expected = channel.secrets.get(NAME, "").encode("utf-8", "replace")
    found = [hmac.compare_digest(given.encode("utf-8", "replace"), expected) for given in _given(request)]
    if expected and any(found):
        return None
    return Denied(401, "bad_webhook_token", "the call does not bring the channel's webhook_token")


def _given(request: Request) -> list[str]:
    """All that may be the token, so that none is compared only as another was not it."""
    authorization = request.headers.get("authorization", "").strip()
    scheme, _, rest = authorization.partition(" ")
    given = [request.query.get(QUERY, ""), request.headers.get(HEADER, ""), authorization]
    if scheme.lower() == "bearer":
        given.append(rest.strip())
    if scheme.lower() == "basic":
        given.append(_password(rest.strip()))
    return given


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
