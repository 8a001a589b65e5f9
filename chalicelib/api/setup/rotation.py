"""Rotation of secrets: that with which deliveries are signed, and that which an outside system shows us."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body
from chalicelib.api.kinds.contract import Draft, Kind, Settled
from chalicelib.api.setup import changes
from chalicelib.api.setup.resources import find
from chalicelib.api.setup.showing import opening, shown
from chalicelib.domain import bearer, webhook_secrets
from chalicelib.ports import secrets, signing
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables.config import Resource


class Rotation(Fields):
    """How long the old secret stays valid."""

    overlap_s: Annotated[int, Field(ge=0, le=30 * 86_400)] = 86_400


def rotate(call: Call) -> Answer:
    """200 with the new `signing_secret`, shown once, and `old_valid_until`: till then both sign."""
    wanted = body(call, Rotation)
    kind, row = find(call)
    if not row.sealed:
        raise Problem(409, "no_webhook", "it has no webhook, so it has no secret")
    now = _later(row)
    sealed, secret = secrets.unseal(str(row.sealed), owner=row.id), signing.new_secret()
    until = now + wanted.overlap_s * 1000
    settled = Settled(dict(row.body), webhook_secrets.rotated(sealed, secret, old_until_ms=until))
    return _rotated(call, kind, row, settled, now=now, sealed=sealed, until=until, once={"signing_secret": secret})


def rotate_bearer(call: Call) -> Answer:
    """200 with the new `secret`, shown once, and `old_valid_until`: till then both are taken."""
    wanted = body(call, Rotation)
    kind, row = find(call)
    now = _later(row)
    until = now + wanted.overlap_s * 1000
    kept = row.body[bearer.FIELD]
    secret, kept = bearer.rotated(kept, bearer.PREFIXES[kind.name], old_until_ms=until)
    settled = Settled(dict(row.body) | {bearer.FIELD: kept})
    return _rotated(call, kind, row, settled, now=now, sealed={}, until=until, once={"secret": secret})


def _rotated(
    call: Call, kind: Kind, row: Resource, settled: Settled, *, now: int, sealed: dict[str, str], until: int,
    once: dict[str, str],
) -> Answer:  # fmt: skip
    draft = Draft(row.id, str(row.service), settled.body, frozenset(), dict(row.body), sealed, now)
    change = changes.changed(kind, draft, settled, row)
    changes.commit([change], actor=call.caller.id, service=change.audit_service, now=now)
    once = opening(call, kind, change.row) | once
    return Answer(200, shown(call, kind, change.row) | {"old_valid_until": rfc3339(until)}, once)


def _later(row: Resource) -> int:
    return max(now_ms(), int(row.updated_at or 0) + 1)
