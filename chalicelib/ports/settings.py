"""The environment of a Lambda, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

LONGEST_POLL_S = 20
"""How long a poll of web chat is held where `poll_channel` has a concurrency of its own."""


@dataclass(frozen=True, slots=True)
class OpenId:
    """Whose word counts for who a person is (https://openid.net/specs/openid-connect-core-1_0.html)."""

    issuer: str
    """Its address, to the letter as it names itself in what it signs."""
    client_id: str
    """What it calls this deployment."""
    name: str
    """What people call it, as the page of the sign-in shows it."""
    domains: frozenset[str] = frozenset()
    """The only domains whose e-mail addresses are let in; empty: all."""
    trusts_addresses: bool = False
    """Whether addresses count that it does not say to have verified: where it is one company's own."""
    roles_claim: str = ""
    """The claim that says what somebody may, empty: none does."""
    roles: tuple[tuple[str, str], ...] = ()
    """(value of that claim, role)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deployment tells a function; every field has the default of a developer's machine."""

    stage: str
    """Name of the deployment; part of every resource name, so that stages share an account."""
    allow_private_targets: bool
    """Webhook targets may be http and loopback. Only for the local run; `make deploy` refuses it."""
    kms_key: str
    """Key id or alias with which secrets of providers and bots are sealed."""
    media_bucket: str
    """S3 bucket that holds media and imports."""
    longest_poll_s: int
    """How long a poll of web chat is held at most. 0 in an account too small to reserve any concurrency: ten open chats
    would hold all ten places of a new one, and nothing else would run."""
    release_slots: int
    """Partitions of the schedule table that `release_due` queries."""
    live_url: str
    """Where pages open their sockets; empty where there are none, and pages poll."""
    sockets_url: str
    """Where `push` tells a socket something."""
    phones_url: str = ""
    """Of a local run alone: the page with the phones of simulated people."""
    open_id: OpenId | None = None
    """By whose word people sign in; None: by keys alone."""

    @property
    def open_id_secret(self) -> str:
        """Name of the parameter that holds what this deployment shows the issuer."""
        return f"/parley/{self.stage}/oidc-client-secret"

    def table(self, name: str) -> str:
        """Full name of a DynamoDB table."""
        return f"parley-{self.stage}-{name}"

    @property
    def bus(self) -> str:
        """Name of the EventBridge bus."""
        return f"parley-{self.stage}"

    def queue(self, name: str) -> str:
        """Full name of an SQS queue; `name` keeps its `.fifo` ending."""
        return f"parley-{self.stage}-{name}"


@cache
def settings() -> Settings:
    """The settings of this process."""
    env = os.environ
    stage = env.get("PARLEY_STAGE", "local")
    return Settings(
        stage=stage,
        allow_private_targets=env.get("PARLEY_ALLOW_PRIVATE_TARGETS", "") == "1",
        kms_key=env.get("PARLEY_KMS_KEY", f"alias/parley-{stage}"),
        media_bucket=env.get("PARLEY_MEDIA_BUCKET", f"parley-{stage}-media"),
        longest_poll_s=int(env.get("PARLEY_LONGEST_POLL_S", LONGEST_POLL_S)),
        release_slots=8,
        live_url=env.get("PARLEY_LIVE_URL", ""),
        sockets_url=env.get("PARLEY_SOCKETS_URL", ""),
        phones_url=env.get("PARLEY_PHONES_URL", ""),
        open_id=_open_id(env),
    )


def _open_id(env: Mapping[str, str]) -> OpenId | None:
    issuer, client_id = env.get("PARLEY_OIDC_ISSUER", ""), env.get("PARLEY_OIDC_CLIENT_ID", "")
    if not (issuer and client_id):
        return None
    # `groups:parley-admins=admin,care=agent`
    claim, _, pairs = env.get("PARLEY_OIDC_ROLES", "").rpartition(":")
    return OpenId(
        issuer,
        client_id,
        env.get("PARLEY_OIDC_NAME", "") or urlsplit(issuer).netloc,
        frozenset(_words(env.get("PARLEY_OIDC_DOMAINS", "").lower())),
        trusts_addresses=env.get("PARLEY_OIDC_TRUST_ADDRESSES", "") == "on",
        roles_claim=claim,
        roles=tuple((value, role) for value, _, role in (pair.rpartition("=") for pair in _words(pairs))),
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
