"""What a thread has heard of its person already: whether an event says anything new, without looking anybody up."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.domain.thread import Thread

Given = Sequence[str]
"""(kind, value), as the provider has it."""
_SHORT = 6
"""Characters of a digest, 30 bits: of a person's few identities no two are alike."""
_MOST = 8


def says_more(thread: Thread, identities: Iterable[Given], name: str) -> bool:
    """Whether an event names an identity that the thread has not heard, or a name where its person has none."""
    heard = thread.heard.split()
    return bool(name and not thread.contact.get("name")) or any(_digest(one) not in heard for one in identities)


def having_heard(thread: Thread, identities: Iterable[Given]) -> Thread:
    """The thread, knowing the identities when they come again; the last eight are enough."""
    digests = dict.fromkeys([*thread.heard.split(), *map(_digest, identities)])
    return replace(thread, heard=" ".join([*digests][-_MOST:]))


def _digest(given: Given) -> str:
    digest = hashlib.sha256("\x1f".join(given).encode("utf-8", "replace")).digest()
    return base64.b32encode(digest).decode().lower()[:_SHORT]
