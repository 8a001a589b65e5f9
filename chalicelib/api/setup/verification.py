"""Verification of a bot's or desk's webhook: one signed call whose answer decides whether it is used."""

from __future__ import annotations

import json

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.setup import changes
from chalicelib.api.setup.resources import find
from chalicelib.domain import webhook_secrets
from chalicelib.ports import ids, secrets, signing
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config, endpoints

TIMEOUT_S = 5.0


def verify(call: Call) -> Answer:
    """200 `{"id", "status": "active"}`; Problem 422 `verification_failed` with what came back, 409 `edit_required` for
    an inactive webhook that nobody has edited, 409 `suspended` for one that its owner stopped."""
    kind, row = find(call)
    attempt(row, actor=call.caller.id)
    return Answer(200, {"id": row.id, "kind": kind.name, "status": endpoints.ACTIVE})


def attempt(row: config.Resource, *, actor: str) -> None:
    """Verify a webhook and make it active; Problems as of `verify`. A console desk is active without."""
    if not row.body.get("webhook_url"):
        return
    state = endpoints.get(row.id)
    if state.status == endpoints.SUSPENDED:
        raise Problem(409, "suspended", "its owner suspended it; PATCH suspended to false first")
    if state.status == endpoints.INACTIVE and not state.edited:
        raise Problem(409, "edit_required", "it was deactivated after failures; PATCH it (even changing nothing) first")
    failed = _failure(row)
    if failed:
        raise Problem(422, "verification_failed", failed)
    now = now_ms()
    # The row may have been edited while the webhook was thinking; then this answer was to another question.
    still = config.get(row.kind, row.id)
    if still is None or still.updated_at != row.updated_at:
        raise Problem(409, "changed_meanwhile", "it was changed while it was being verified; verify again")
    if still.kind == "subscription" and not still.body.get("since"):
        _begins_to_hear(still, now)
    changes.will_be_back(row.id, str(row.service), at=now)
    endpoints.set_status(row.id, endpoints.ACTIVE, at=now)
    audit.note(
        str(row.service),
        at=now,
        actor=actor,
        action=f"{row.kind}.verified",
        subject=row.id,
        change={"status": endpoints.ACTIVE},
    )
    # Lanes that were held for it go on.
    changes.announce_back(row.id, str(row.service), at=now)


def _begins_to_hear(row: config.Resource, now: int) -> None:
    """From its first verification on a subscription hears what happens. Cut off after this, it is verified again."""
    row.body, seen = dict(row.body) | {"since": now}, int(row.updated_at)
    row.updated_at = max(now, seen + 1)
    try:
        config.replace(row, seen=seen)
    except config.Conflict:
        raise Problem(409, "changed_meanwhile", "it was changed while it was being verified; verify again") from None


def is_active(endpoint_id: str) -> bool:
    """Whether a webhook is used now."""
    return bool(endpoints.get(endpoint_id).status == endpoints.ACTIVE)


def _failure(row: config.Resource) -> str:
    """Why the webhook does not pass, empty where it does."""
    from chalicelib.bots import webhook
    from chalicelib.ports import http

    sealed = secrets.unseal(str(row.sealed or ""), owner=row.id)
    now, challenge = now_ms(), ids.token(24)
    body = webhook.verification(challenge, now)
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    headers = dict(row.body.get("headers", {})) | {"Content-Type": "application/json"}
    headers |= signing.headers(webhook_secrets.valid(sealed, now), id=ids.new("vf"), at_ms=now, body=raw)
    if token := sealed.get("access_token"):
        headers["Authorization"] = f"Bearer {token}"
    exchange = http.call_once("POST", str(row.body["webhook_url"]), headers=headers, body=raw, timeout_s=TIMEOUT_S)
    return str(webhook.passed(exchange, challenge, sealed.get("verification_token")))
