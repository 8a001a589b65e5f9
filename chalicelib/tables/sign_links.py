"""Links that sign in once: a browser keeps the address that it was led to, so a link holds no key but a word that is
good once, for a day. A row of `config` in a partition of its own, found by the word's hash, names the key that is
signed in with. One that was used stays as used until its time is over, so that no restore of lost rows brings it back.
"""

from __future__ import annotations

import re
import secrets

from chalicelib.tables.config import Resource
from chalicelib.tables.tokens import digest
from chalicelib.tables.writes import same_by_whomever, updated

LASTS_MS = 86_400_000
_WORD = re.compile(r"once_[A-Za-z0-9_-]{43}")
_ROW = "link"


def made(key_id: str, *, now_ms: int) -> tuple[str, Resource]:
    """(the word of a new link that signs in with a key, its row, which the caller stores)."""
    word = f"once_{secrets.token_urlsafe(32)}"
    until = now_ms + LASTS_MS
    return word, Resource(_partition(word), _ROW, body={"key": key_id, "until": until}, expires=until // 1000)


def redeemed(word: str, *, now_ms: int) -> str:
    """Id of the key that a word signs in with, which it does no more from now on; empty for any other text. Cut off
    after it, or where its answer is lost, nobody is signed in, and another link is needed."""
    if _WORD.fullmatch(word) is None:
        return ""
    try:
        row = Resource.get(_partition(word), _ROW, consistent_read=True)
    except Resource.DoesNotExist:
        return ""
    if now_ms >= row.body["until"]:
        return ""
    first = updated(row, [Resource.updated_at.set(now_ms)], Resource.updated_at.does_not_exist(), ours=same_by_whomever)
    return str(row.body["key"]) if first else ""


def _partition(word: str) -> str:
    return f"link#{digest(word)}"
