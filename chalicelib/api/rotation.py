"""Rotation of the secret with which deliveries are signed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api import changes
from chalicelib.api.fields import Fields, body
from chalicelib.api.front import Answer, Call
from chalicelib.api.kinds import Draft, Settled
from chalicelib.api.resources import find
from chalicelib.api.showing import shown
from chalicelib.domain import webhook_secrets
from chalicelib.ports import secrets, signing
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem


class Rotation(Fields):
    """How long the old secret stays valid."""

    overlap_s: Annotated[int, Field(ge=0, le=30 * 86_400)] = 86_400


def rotate(call: Call) -> Answer:
    """200 with the new `signing_secret`, shown once, and `old_valid_until`: till then both sign."""
    wanted = body(call, Rotation)
    kind, row = find(call)
    if not row.sealed:
        raise Problem(409, "no_webhook", "this desk has no webhook, so it has no secret")
    now = max(now_ms(), int(row.updated_at or 0) + 1)
    sealed, secret = secrets.unseal(str(row.sealed), owner=row.id), signing.new_secret()
    until = now + wanted.overlap_s * 1000
    fields = dict(row.body)
    settled = Settled(fields, webhook_secrets.rotated(sealed, secret, old_until_ms=until))
    draft = Draft(row.id, str(row.service), fields, frozenset(), fields, sealed, now)
    change = changes.changed(kind, draft, settled, row)
    changes.commit([change], actor=call.caller.id, service=change.audit_service, now=now)
    return Answer(200, shown(call, kind, change.row) | {"old_valid_until": rfc3339(until)}, {"signing_secret": secret})
