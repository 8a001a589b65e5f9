"""API keys. Only their hash is kept; the key itself is shown once."""

from __future__ import annotations

import secrets
import string
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.http.fields import Fields, Name
from chalicelib.api.http.formats import PersonId, ServiceId
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.ports.clock import now_ms
from chalicelib.tables.config import KEYS, Resource
from chalicelib.tables.tokens import digest

_ALPHABET = string.ascii_lowercase + string.digits
Scope = Literal["admin", "agent", "read"]


class Key(Fields):
    """An API key."""

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    service_id: ServiceId | None = None
    """The only service that it may see; null: all."""
    person_id: PersonId | None = None
    """Whose key it is, of the same service: it may no more than their role, and ends with them."""


class KeyAnswer(Key):
    """An API key, as it stands."""

    id: str
    key: str | None = None
    """The key itself: shown once."""
    created_at: str
    updated_at: str


def mint(name: str, scopes: list[str], service_id: str | None = None) -> tuple[str, Resource]:
    """A new key and its row, which the caller stores."""
    key_id, key, body = _minted({"name": name, "scopes": scopes, "service_id": service_id})
    now = now_ms()
    return key, Resource(KEYS, f"key#{key_id}", name=name, body=body, created_at=now, updated_at=now)


def new_id() -> str:
    """16 characters: part of the key's text, so that the row is found by it."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def _minted(fields: dict[str, Any], key_id: str = "") -> tuple[str, str, dict[str, Any]]:
    key_id = key_id or new_id()
    key = f"pk_{key_id}_{secrets.token_urlsafe(32)}"
    return key_id, key, fields | {"hash": digest(key)}


def settle(draft: Draft) -> Settled:
    """A new key gets its text; a changed one keeps it."""
    if not draft.new:
        return Settled(draft.fields | {"hash": draft.body["hash"]})
    _, key, body = _minted(draft.fields, draft.id)
    return Settled(body, once={"key": key})


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """All but the hash."""
    return {key: value for key, value in row.body.items() if key != "hash"}


KIND = Kind(name="key", model=Key, answer=KeyAnswer, refs={"person_id": "person"}, settle=settle, show=show)
