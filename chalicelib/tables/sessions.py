"""Sessions of the console: rows of `config`, each in a partition of its own, found by the hash of its cookie.

The cookie holds 256 random bits and names the key, and whose it is, that was signed in with, or the person alone where
an issuer has said who it is, so that session, key and person are read together, consistently, in one call (1 R each):
a session lives only as long as what it was begun with, and a role that changes counts from the next request on. All
that the cookie holds is hashed, so none of it can be exchanged.

An ended session stays as a row that says so until its time is over: nothing that puts back rows that are gone (a
restore) brings it to life. Each function writes once: what is cut off before it did not happen, and what is cut off
behind it leaves a row that ends by itself.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from chalicelib.tables import sign_ins
from chalicelib.tables.batch_get import get_all
from chalicelib.tables.config import KEYS, Resource, partition_of
from chalicelib.tables.tokens import digest
from chalicelib.tables.writes import same_by_whomever, updated

IDLE_MS = 12 * 3600 * 1000
"""A session ends so long after it was last used."""
LONGEST_MS = 7 * 86_400 * 1000
"""And so long after it was begun, however much it is used."""
RENEWED_MS = 15 * 60 * 1000
"""That it is used is written down no more often than this."""
_ROW, _PARTITION = "session", "session#"
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}(?=\.)(?:\.([a-z0-9]{16}))?(?:\.(pe_[a-z2-7]{26}))?")


@dataclass(frozen=True, slots=True)
class Session:
    """A session that lives."""

    row: Resource
    key: Resource | None
    """The API key that was signed in with, as it stands now; None: none."""
    person: Resource | None
    """Who has signed in, or whose the key is; None: nobody."""

    @property
    def role(self) -> str:
        """The most that it may, where the issuer said so; empty: what the person may."""
        return str(self.row.body.get("role") or "")

    @property
    def until_ms(self) -> int:
        """When it ends if it is not used any more."""
        return until_of(self.row)


def begin(key_id: str, person_id: str = "", *, now_ms: int, role: str = "") -> tuple[str, int]:
    """(what the cookie holds, until when in milliseconds) of a new session, of a key or a person or both."""
    value = ".".join([secrets.token_urlsafe(32), *filter(None, (key_id, person_id))])
    until = _until(now_ms, now_ms)
    body: dict[str, Any] = {"began_at": now_ms, "used_at": now_ms} | ({"role": role} if role else {})
    if person_id:
        # First: a session that nobody finds could not be ended from elsewhere.
        sign_ins.noted(person_id, digest(value), key=key_id, now_ms=now_ms)
    row = Resource(_partition(value), _ROW, body=body, expires=until // 1000)
    row.created_at = row.updated_at = now_ms
    row.save()
    return value, until


def find(value: str, *, now_ms: int) -> Session | None:
    """The session of a cookie, if it lives."""
    shape = _VALUE.fullmatch(value)
    if shape is None:
        return None
    key_id, person_id = shape[1] or "", shape[2] or ""
    wanted = [(_partition(value), _ROW)]
    wanted += [(KEYS, f"key#{key_id}")] if key_id else []
    wanted += [(partition_of("person", person_id), f"person#{person_id}")] if person_id else []
    row, *whose = get_all([(Resource, *place) for place in wanted])
    if row is None or None in whose or not _lives(row, now_ms):
        # TTL removes rows up to days late.
        return None
    key, person = whose[0] if key_id else None, whose[-1] if person_id else None
    if key is not None and (key.body.get("person_id") or "") != person_id:
        # The key was given to somebody else.
        return None
    return Session(row, key, person)


def used(session: Session, *, now_ms: int) -> Session:
    """The session, with its end moved on where it was last moved a while ago."""
    row = session.row
    if now_ms - row.body["used_at"] < RENEWED_MS:
        return session
    body = row.body | {"used_at": now_ms}
    actions = [
        Resource.body.set(body),
        Resource.expires.set(_until(body["began_at"], now_ms) // 1000),
        Resource.updated_at.set(now_ms),
    ]
    # Whoever ended it meanwhile, or moved it on, was right.
    updated(row, actions, Resource.updated_at == row.updated_at, ours=same_by_whomever)
    return session


def end(value: str, *, now_ms: int) -> None:
    """End the session of a cookie, for good; any other text ends nothing."""
    if _VALUE.fullmatch(value) is not None:
        _end(_partition(value), now_ms)


def of_person(person: str, *, now_ms: int) -> list[tuple[Resource, Resource | None]]:
    """(row of the sign-in, the session while it lives) of a person, the newest first: of the last thirty days, at most
    a hundred. Whether the key stands that one was begun with is not asked."""
    noted = sign_ins.newest(person)
    rows = get_all([(Resource, _PARTITION + sign_ins.session_of(one), _ROW) for one in noted])
    return [
        (one, row if row is not None and _lives(row, now_ms) else None) for one, row in zip(noted, rows, strict=True)
    ]


def end_all(person: str, *, now_ms: int) -> int:
    """End every session of a person that lives, for good, and say how many; one that is begun at the same moment may
    stay."""
    noted = sign_ins.since(person, max(0, now_ms - LONGEST_MS))
    rows = get_all([(Resource, _PARTITION + sign_ins.session_of(one), _ROW) for one in noted])
    living = [row for row in rows if row is not None and _lives(row, now_ms)]
    for row in living:
        _end(str(row.service), now_ms)
    return len(living)


def _end(partition: str, now_ms: int) -> None:
    row = Resource(partition, _ROW)
    actions = [Resource.body.set({"ended_at": now_ms}), Resource.updated_at.set(now_ms)]
    updated(row, actions, Resource.key.exists(), ours=same_by_whomever)


def until_of(row: Resource) -> int:
    """When the session of a row ends if it is not used any more."""
    return _until(row.body["began_at"], row.body["used_at"])


def _lives(row: Resource, now_ms: int) -> bool:
    return not row.body.get("ended_at") and now_ms < until_of(row)


def _until(began_ms: int, used_ms: int) -> int:
    return min(used_ms + IDLE_MS, began_ms + LONGEST_MS)


def _partition(value: str) -> str:
    return _PARTITION + digest(value)
