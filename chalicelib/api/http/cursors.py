"""Opaque cursors, and the two query parameters of every list."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pynamodb.exceptions import QueryError

from chalicelib.api.http.call import Call
from chalicelib.ports.web import Problem

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
_MAX_CURSOR = 4096
_CHECK = 6
Row = TypeVar("Row")


def encode(place: Any, *, of: str) -> str:
    """A cursor for a place (JSON) in the list `of`."""
    text = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(text, of) + text).decode().rstrip("=")


def decode(cursor: str, *, of: str) -> Any:
    """The place; Problem 400 for what is no cursor of this list."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, text = raw[:_CHECK], raw[_CHECK:]
        if len(cursor) > _MAX_CURSOR or check != _check(text, of):
            raise ValueError
        return json.loads(text)
    except (ValueError, RecursionError):
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    """What a wrong cursor is answered."""
    return Problem(400, "bad_cursor", "this is no cursor of this list")


def limit_of(call: Call) -> int:
    """`?limit=`, which `queries.py` has checked."""
    return int(call.query.get("limit", DEFAULT_LIMIT))


def place_of(call: Call, *, of: str) -> str:
    """`?cursor=` decoded, for lists whose place is a text; empty without one."""
    cursor = call.query.get("cursor")
    place = decode(cursor, of=of) if cursor else ""
    if not isinstance(place, str):
        raise bad_cursor()
    return place


def page(
    rows: Callable[[int], Iterable[Row]],
    *,
    limit: int,
    of: str,
    place: Callable[[Row], Any],
    show: Callable[[Row], Any],
) -> dict[str, Any]:
    """`{"data", "next_cursor"}` of what `rows(how many)` gives: one row beyond the limit tells that there is more."""
    try:
        found = list(rows(limit + 1))
    except QueryError:
        # Only a cursor that somebody made by hand leads to a query that DynamoDB refuses.
        raise bad_cursor() from None
    shown = found[:limit]
    return {
        "data": [show(row) for row in shown],
        "next_cursor": encode(place(shown[-1]), of=of) if len(found) > limit else None,
    }


def _check(text: bytes, of: str) -> bytes:
    return hashlib.sha256(of.encode() + b"\0" + text).digest()[:_CHECK]
