"""An issuer of OpenID Connect: a real HTTP server on loopback with real keys, that can be told to err."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.outside import Answer, Heard, Outside, serving

CLIENT, SECRET = "parley: test", "s%cret/+ ü"


@cache
def private_key(algorithm: str, which: int = 1) -> Any:
    """A key for an algorithm; `which`: another one."""
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 1024 if which == 0 else 2048)


@dataclass
class Issuer:
    """What it says, and what it was asked."""

    outside: Outside
    url: str
    algorithm: str = "RS256"
    which: int = 1
    """Which of its keys it signs with, and shows."""
    person: dict[str, Any] = field(default_factory=dict)
    """Claims of who signs in; None takes one out."""
    head: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    token: Callable[[str], Answer] = lambda token: (
        200,
        {"access_token": "a", "token_type": "Bearer", "id_token": token},
    )
    """What is answered to a code that is good, of the ID token."""
    instead: dict[str, Answer] = field(default_factory=dict)
    """Path -> what is answered whatever is asked there."""
    secret: str = SECRET
    asked: list[dict[str, str]] = field(default_factory=list)
    """Parameters with which browsers came."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def lets_in(self, location: str, **more: str) -> str:
        """Where a browser is sent back to that came to this address."""
        address, _, query = location.partition("?")
        assert address == f"{self.url}/authorize", location
        asked = dict(parse_qsl(query, strict_parsing=True))
        self.asked.append(asked)
        code = secrets.token_urlsafe(12) + "+/ T1 22"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url} | more)}"

    def answer(self, heard: Heard) -> Answer:
        path = urlsplit(heard.path).path
        if path in self.instead:
            return self.instead[path]
        if path == "/.well-known/openid-configuration":
            return 200, self._configured()
        if path == "/authorize":
            return 302, b"", {"Location": self.lets_in(f"{self.url}{heard.path}")}
        if path == "/keys":
            return 200, {"keys": [self.public()]}
        if path == "/token" and heard.method == "POST":
            return self._exchange(heard)
        return 404, {}

    def public(self) -> dict[str, Any]:
        """Its key as a JSON Web Key."""
        algorithm = get_default_algorithms()[self.algorithm]
        shown: dict[str, Any] = json.loads(algorithm.to_jwk(private_key(self.algorithm, self.which).public_key()))
        return shown | {"kid": f"{self.algorithm}-{self.which}", "use": "sig"}

    def signed(self, asked: dict[str, str]) -> str:
        """The ID token for who came with these parameters."""
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "ana-1", "aud": asked["client_id"], "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": "ana@example.com", "email_verified": True,
        } | self.person  # fmt: skip
        head = {"kid": f"{self.algorithm}-{self.which}"} | self.head
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, private_key(self.algorithm, self.which), self.algorithm, headers=head)

    def _configured(self) -> dict[str, Any]:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.configuration
        return {name: value for name, value in told.items() if value is not None}

    def _exchange(self, heard: Heard) -> Answer:
        form = dict(parse_qsl(heard.raw.decode(), keep_blank_values=True, strict_parsing=True))
        client, secret = self._client(heard, form)
        if client != CLIENT or secret != self.secret:
            return 401, {"error": "invalid_client", "error_description": "no such client"}
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return self.token(self.signed(asked))

    def _client(self, heard: Heard, form: dict[str, str]) -> tuple[str, str]:
        if "authorization" not in heard.headers:
            return form.get("client_id", ""), form.get("client_secret", "")
        assert "client_secret" not in form, "shown once"
        pair = base64.b64decode(heard.headers["authorization"].removeprefix("Basic ")).decode()
        client, _, secret = pair.partition(":")
        return unquote_plus(client), unquote_plus(secret)


@contextmanager
def issuing(host: str = "127.0.0.1") -> Iterator[Issuer]:
    """An issuer of its own port, until the block ends; of another site to a browser where its host is `localhost`."""
    with serving() as outside:
        made = Issuer(outside, outside.url.removesuffix("/hook").replace("127.0.0.1", host))
        outside.answer = made.answer
        yield made
