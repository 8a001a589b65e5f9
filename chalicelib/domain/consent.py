"""Consent that a channel tells of: it is for what comes from that channel's address, and stands under its name."""

from __future__ import annotations

ALL, MARKETING = "all", "marketing"
SCOPES = (ALL, MARKETING)
SOURCE = "channel"
"""How it came to be known, in a contact's consent."""


def purpose(scope: str, channel: str) -> str:
    """The name under which a contact's consent keeps what was said to one channel: who stops one number has not stopped
    another."""
    return f"{scope}@{channel}"
