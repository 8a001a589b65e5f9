"""What the channels of Meta share: how it signs and asks, where the Graph API is, what opens it, how it says no.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started (signature and challenge),
https://developers.facebook.com/docs/graph-api/guides/error-handling (errors),
https://developers.facebook.com/docs/facebook-login/security#appsecret (proof), read November 2026.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.channels.contract import Channel, Denied, Event, Received, Request, Response
from chalicelib.channels.wire import answered, malformed
from chalicelib.channels.wire import at_most as at_most
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import mended, word

_PART = " part"
_MOST_GIVEN = 16 * 1024
"""Bytes of what is kept of a message that cannot be read; its JSON must not be cut."""
UNSUPPORTED = "unsupported"


def taken(request: Request, channel: Channel, events: Callable[[Any], Iterable[Event]]) -> Received | Denied:
    """Answer Meta's verification (GET), or read a notification (POST): `events` gives what is in its body.

    401 for a wrong signature, 403 for a wrong verify token; 200 for all that was read, also for what is passed over:
    Meta sends again for hours or days what is not answered so.
    """
    if request.method == "GET":
        return _challenge(request, channel)
    if not _signed(request, channel.secrets.get("app_secret", "")):
        return Denied(401, "bad_signature", "X-Hub-Signature-256 is not that of the app's secret")
    try:
        given = mended(request.body)
    except ValueError as error:
        return malformed(error)
    return Received(tuple(events(given)), Response(200, {}))


def _challenge(request: Request, channel: Channel) -> Received | Denied:
    expected, query = channel.secrets.get("verify_token", ""), request.query
    given = query.get("hub.verify_token", "")
    if not expected or query.get("hub.mode") != "subscribe" or not _same(given, expected):
        return Denied(403, "bad_verify_token", "hub.verify_token is not the channel's")
    return Received((), Response(200, query.get("hub.challenge", "")))


def _signed(request: Request, app_secret: str) -> bool:
    expected = "sha256=" + hmac.new(app_secret.encode(), request.body, hashlib.sha256).hexdigest()
    return bool(app_secret) and _same(request.headers.get("x-hub-signature-256", ""), expected)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def base_url(channel: Channel, otherwise: str) -> str:
    """The channel's `api_base`, without a slash at its end."""
    return (word(channel.settings.get("api_base")) or otherwise).rstrip("/")


def authorised(channel: Channel) -> dict[str, str]:
    """The header that opens the Graph API."""
    return {"authorization": f"Bearer {channel.secrets.get('access_token', '')}"}


def proof(channel: Channel) -> str:
    """`appsecret_proof`: that who has the token has the app's secret, too. An app may require it of all calls."""
    secret, token = channel.secrets.get("app_secret", ""), channel.secrets.get("access_token", "")
    return hmac.new(secret.encode("utf-8", "replace"), token.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def error_in(exchange: Exchange) -> dict[str, Any]:
    """The error object of an answer; empty where there is none."""
    return inside(answered(exchange), "error")


def own_id(delivery: str, *, last: bool) -> str:
    """What a message carries of our own: which delivery it is, and whether it is all of it that counts."""
    return delivery if last else f"{delivery}{_PART}"


def read_own(text: str) -> tuple[str, bool]:
    """(our delivery's id, whether it is of a part that is not the last) of what came back."""
    return text.removesuffix(_PART), text.endswith(_PART)


def inside(value: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within an object; empty where it is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def unsupported(reason: str, given: dict[str, Any]) -> dict[str, Any]:
    """Details of an event that tells of a message that cannot be read: why, and what was given as JSON in a string."""
    details: dict[str, Any] = {"name": UNSUPPORTED, "reason": reason}
    plain = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    if len(plain.encode("utf-8", "replace")) > _MOST_GIVEN:
        return details | {"truncated": True}
    return details | ({"given": plain} if given else {})
