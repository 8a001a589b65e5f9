"""A plus that was not escaped in an address: it means what it must have meant, and nothing else changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.ports import web


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("phone=+4915199887766", {"phone": "+4915199887766"}),
        ("phone=%2B4915199887766", {"phone": "+4915199887766"}),
        ("phone=+49+151+99887766", {"phone": "+49 151 99887766"}),
        ("phone=0151+99887766", {"phone": "0151 99887766"}),
        ("contact.phone=+4915199887766", {"contact.phone": "+4915199887766"}),
        ("email=ana+shop@example.com", {"email": "ana+shop@example.com"}),
        ("contact.email=a+b+c@example.com", {"contact.email": "a+b+c@example.com"}),
        ("email=+ana@example.com+", {"email": " ana@example.com "}),
        ("since=2026-11-21T01:23:45+02:00", {"since": "2026-11-21T01:23:45+02:00"}),
        ("at=2026-11-21T01:23:45.678%2B0200", {"at": "2026-11-21T01:23:45.678+0200"}),
        ("contact.name=Ana+Maria&session=a+b&external_id=shop:1+2",
         {"contact.name": "Ana Maria", "session": "a b", "external_id": "shop:1 2"}),
        ("session=+4915199887766", {"session": "+4915199887766"}),
        ("session=ana+shop@example.com", {"session": "ana+shop@example.com"}),
        ("external_id=+49151", {"external_id": "+49151"}),
        ("external_id=crm:ana+shop@example.com", {"external_id": "crm:ana+shop@example.com"}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_was_meant(written: str, read: dict[str, str]) -> None:
    request: Any = SimpleNamespace(query_params=dict(parse_qsl(written)) or None)
    assert web.query(request) == read
