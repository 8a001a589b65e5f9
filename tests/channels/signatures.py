"""Requests signed as their providers sign them, for examples and fuzzing; `signatures.json` holds what each has to come
to, as the providers' own libraries check it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib.ports import signing

FORM = "application/x-www-form-urlencoded"
Secret = str | Mapping[str, str]
"""The secret, or `secret` beside what else a scheme takes."""


@dataclass(frozen=True)
class Posted:
    """A request before it is signed."""

    body: bytes
    now_ms: int
    url: str = "https://parley.example/channels/chn_1/webhook"
    """The public one, with its query."""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> str:
        """Now, as most providers say it."""
        return str(self.now_ms // 1000)

    def form(self) -> list[tuple[str, str]] | None:
        """Its fields in their order, blank ones too; None where it is no form."""
        if not self.headers.get("content-type", "").startswith(FORM):
            return None
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10_000)


def form_body(fields: Mapping[str, Any]) -> bytes:
    """The fields as a form; a list is a field that stands several times."""
    return urlencode(fields, doseq=True, errors="replace").encode()


def signed(scheme: Mapping[str, Secret], posted: Posted) -> dict[str, str]:
    """The headers that the provider adds."""
    [(kind, given)] = scheme.items()
    more = {"secret": given} if isinstance(given, str) else dict(given)
    return SCHEMES[kind](posted, more.pop("secret"), **more)


def _standard_webhooks(posted: Posted, secret: str) -> dict[str, str]:
    return signing.headers([secret], id="wh_1", at_ms=posted.now_ms, body=posted.body)


def _hub_sha256(posted: Posted, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={_hex(secret, posted.body)}"}


def _hex_sha256(posted: Posted, secret: str, name: str = "x-viber-content-signature") -> dict[str, str]:
    return {name: _hex(secret, posted.body)}


def _line(posted: Posted, secret: str) -> dict[str, str]:
    return {"x-line-signature": _base64(secret, posted.body)}


def _twilio(posted: Posted, secret: str, key: str = "") -> dict[str, str]:
    """https://www.twilio.com/docs/usage/security: the URL, and of a form each name with its values, both sorted and
    once; of JSON the URL alone, whose query has the body's hash. With a `key` the secret is that SharedKey's."""
    values: dict[str, set[str]] = {}
    for name, value in posted.form() or ():
        values.setdefault(name, set()).add(value)
    text = posted.url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    settings = {"x-twilio-webhooks-signature-settings": f"key={key},algorithm=HMAC_SHA256"} if key else {}
    return settings | {"x-twilio-signature": _base64(secret, text.encode(), "sha256" if key else "sha1")}


def _slack(posted: Posted, secret: str) -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    signature = _hex(secret, f"v0:{posted.seconds}:".encode() + posted.body)
    return {"x-slack-request-timestamp": posted.seconds, "x-slack-signature": f"v0={signature}"}


def _ed25519(posted: Posted, secret: str) -> dict[str, str]:
    """https://docs.discord.com/developers/interactions/overview; the secret is the seed of the key, in hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    signature = key.sign(posted.seconds.encode() + posted.body).hex()
    return {"x-signature-timestamp": posted.seconds, "x-signature-ed25519": signature}


def _jwt(
    posted: Posted, secret: str, name: str = "messagebird-signature-jwt", iss: str = "MessageBird"
) -> dict[str, str]:
    """A JSON Web Token with the hashes of URL and body; in `authorization` it is a bearer's, as Vonage has it."""
    import jwt

    now = posted.now_ms // 1000
    claims: dict[str, Any] = {"iss": iss, "nbf": now, "iat": now, "exp": now + 60, "jti": "j1"}
    claims["url_hash"] = hashlib.sha256(posted.url.encode()).hexdigest()
    claims |= {"payload_hash": hashlib.sha256(posted.body).hexdigest()} if posted.body else {}
    token = jwt.encode(claims, secret, algorithm="HS256")
    return {name: f"Bearer {token}" if name == "authorization" else token}


def _plivo(posted: Posted, secret: str, nonce: str = "05429567804466091622") -> dict[str, str]:
    """https://www.plivo.com/docs/messaging/concepts/signature-validation: the URL with its query sorted, the fields of
    the form sorted, and the nonce."""
    at, fields = urlsplit(posted.url), posted.form() or []
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(at.query, keep_blank_values=True)))
    text = f"{at.scheme}://{at.netloc}{at.path}" + ("?" if query or fields else "") + query
    text += "." if query and fields else ""
    text += "".join(name + value for name, value in sorted(fields)) + f".{nonce}"
    return {"x-plivo-signature-v3-nonce": nonce, "x-plivo-signature-v3": _base64(secret, text.encode())}


def _header(posted: Posted, secret: str, name: str = "authorization") -> dict[str, str]:
    return {name: secret}


def _basic(posted: Posted, secret: str) -> dict[str, str]:
    """The secret is `user:password`."""
    return {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


SCHEMES: dict[str, Callable[..., dict[str, str]]] = {
    "standard-webhooks": _standard_webhooks,
    "hub-sha256": _hub_sha256,
    "hex-sha256": _hex_sha256,
    "line": _line,
    "twilio": _twilio,
    "slack-v0": _slack,
    "ed25519": _ed25519,
    "jwt-hs256": _jwt,
    "plivo-v3": _plivo,
    "header": _header,
    "basic": _basic,
}
"""Words of `signed` in an example -> how it is done."""


def _hex(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _base64(secret: str, text: bytes, digest: str = "sha256") -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, digest).digest()).decode()
