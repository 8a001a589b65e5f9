"""The issuer of OpenID Connect: where it is asked, what it is given, and its keys.

What it publishes is kept in the process for an hour; keys are fetched anew, once for a sign-in, where it signs with one
that is not among them. Each call goes through the guarded port and may take four seconds, so that a slow issuer is said
to be one before the gateway gives up.
https://openid.net/specs/openid-connect-discovery-1_0.html, https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from chalicelib.api.console.refused import Refused
from chalicelib.ports import http, parameters, targets
from chalicelib.ports.clock import now_ms
from chalicelib.ports.settings import OpenId, settings
from chalicelib.wire.json_body import json_of

_KEEP_MS = 3_600_000
_TIMEOUT_S = 4.0
_CAP = 262_144
_kept: dict[str, tuple[int, dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Issuer:
    """What an issuer says of itself."""

    authorization: str
    """Where people are sent."""
    token: str
    """Where a code is exchanged."""
    keys: str
    """Where its keys are."""
    methods: tuple[str, ...]
    """How a client may show its secret."""
    names_itself: bool
    """Whether each answer of its says whose it is (https://www.rfc-editor.org/rfc/rfc9207)."""


def found(open_id: OpenId) -> Issuer:
    """The issuer; Refused where it cannot be asked, or says what no issuer may."""
    told = _published(f"{open_id.issuer.rstrip('/')}/.well-known/openid-configuration")
    # To the letter, or one issuer could speak for another.
    if told.get("issuer") != open_id.issuer:
        raise Refused("issuer", "it names another issuer than the one that is set")
    authorization, token, keys = (
        _address(told, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    methods = told.get("token_endpoint_auth_methods_supported")
    return Issuer(
        authorization,
        token,
        keys,
        tuple(methods) if isinstance(methods, list) else ("client_secret_basic",),
        told.get("authorization_response_iss_parameter_supported") is True,
    )


def asking(issuer: Issuer, asked: dict[str, str]) -> str:
    """The address that a browser is sent to."""
    return f"{issuer.authorization}{'&' if urlsplit(issuer.authorization).query else '?'}{urlencode(asked)}"


def exchanged(open_id: OpenId, issuer: Issuer, *, code: str, verifier: str, redirect_uri: str) -> str:
    """The ID token that a code is good for, not yet verified; Refused where there is none."""
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secret = parameters.secret(settings().open_id_secret)
    if secret and ("client_secret_basic" in issuer.methods or "client_secret_post" not in issuer.methods):
        # Escaped before they are joined: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
        pair = f"{quote_plus(open_id.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        sent |= {"client_id": open_id.client_id} | ({"client_secret": secret} if secret else {})
    answer = http.call_once(
        "POST", issuer.token, headers=headers, body=urlencode(sent).encode(), timeout_s=_TIMEOUT_S, cap=_CAP
    )
    if answer.error:
        raise Refused("issuer", f"token endpoint: {answer.error}")
    told = json_of(answer)
    if answer.status != 200:
        code_of = word(told.get("error")) if isinstance(told, dict) else ""
        why = f"token endpoint: {answer.status} {code_of}".strip()
        raise Refused("used" if code_of == "invalid_grant" else "client" if "client" in code_of else "issuer", why)
    token = told.get("id_token") if isinstance(told, dict) else None
    if not isinstance(token, str):
        raise Refused("issuer", "token endpoint: no ID token")
    return token


def keys(issuer: Issuer, *, anew: bool = False) -> list[dict[str, Any]]:
    """Its public keys, as JSON Web Keys; `anew`: not those that are kept."""
    if anew:
        _kept.pop(issuer.keys, None)
    listed = _published(issuer.keys).get("keys")
    if not isinstance(listed, list):
        raise Refused("issuer", "its keys are no list")
    return [one for one in listed if isinstance(one, dict)]


def forget() -> None:
    """Ask anew for all of it."""
    _kept.clear()


def _published(url: str) -> dict[str, Any]:
    at, told = _kept.get(url, (-_KEEP_MS, {}))
    if 0 <= now_ms() - at < _KEEP_MS:
        return told
    answer = http.call_once("GET", url, headers={"Accept": "application/json"}, timeout_s=_TIMEOUT_S, cap=_CAP)
    what = url.rpartition("/")[2][:40]
    if answer.error or answer.status != 200:
        raise Refused("issuer", f"{what}: {answer.error or answer.status}")
    told = json_of(answer)
    if not isinstance(told, dict):
        raise Refused("issuer", f"{what}: no JSON object")
    _kept[url] = (now_ms(), told)
    return told


def _address(told: dict[str, Any], name: str) -> str:
    url = told.get(name)
    if not isinstance(url, str) or targets.refusal(url, allow_private=settings().allow_private_targets) or "#" in url:
        raise Refused("issuer", f"its {name} is no address that may be called")
    return url


def word(text: Any) -> str:
    """An error's name, as RFC 6749 has them; anything else is not repeated."""
    return text if isinstance(text, str) and re.fullmatch(r"[a-z_]{1,40}", text) else ""
