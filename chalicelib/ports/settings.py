"""The environment of a Lambda, read once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

LONGEST_POLL_S = 20
"""How long a poll of web chat is held where `poll_channel` has a concurrency of its own."""


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
    )
