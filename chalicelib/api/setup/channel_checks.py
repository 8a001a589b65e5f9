"""Whether a channel's provider knows it: asked for at a person's wish, and shown as it was last found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.services import meanwhile
from chalicelib.api.kinds import connection
from chalicelib.api.setup import connecting
from chalicelib.api.setup.resources import find
from chalicelib.channels.contract import Connected, Refused
from chalicelib.ports import secrets
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import audit


class VerifiedChannel(BaseModel):
    """A channel that its provider knows, or whose provider cannot be asked."""

    status: Literal["active"]
    facts: dict[str, str]


class ChannelHealth(BaseModel):
    """What is known of a channel's connection to its provider."""

    status: Literal["unverified", "active"]
    status_reason: str | None
    facts: dict[str, str]
    checks: bool
    """Whether its provider can be asked at all."""
    checked_at: str | None
    verified_at: str | None
    """When a check last passed."""
    token: Literal["unknown", "good", "expiring", "expired"]
    """`expiring`: it ends within seven days. `unknown`: nothing is known of an end."""
    token_expires_at: str | None


def verify(call: Call) -> Answer:
    """Ask a channel's provider whether it knows the channel, and have it call us where its API takes that.

    200 `{"status", "facts"}`, at once for kinds whose provider cannot be asked; Problem 422 `verification_failed` with
    what came back, 409 `changed_meanwhile`. Who does not answer leaves an active channel active.
    """
    _, row = find(call)
    if not connection.asks(str(row.body["kind"])):
        return Answer(200, {"status": connection.ACTIVE, "facts": {}})
    before = connection.of(row.body)
    said, kept = connecting.again(row, secrets.unseal(str(row.sealed or ""), owner=row.id), call)
    if kept is None:
        raise meanwhile()
    now = connection.of(kept.body)
    if isinstance(said, Connected) or now.status != before.status:
        told: dict[str, object] = {"status": now.status}
        told |= {"reason": now.reason} if now.reason else {}
        action = "channel.verified" if now.status == connection.ACTIVE else "channel.unverified"
        # Cut off before this, the channel stands as it was found, and the next check is in the audit.
        audit.note(
            str(row.service), at=now.checked_at, actor=call.caller.id, action=action, subject=row.id, change=told
        )
    if not isinstance(said, Connected):
        errors = [(said.at, now.reason)] if isinstance(said, Refused) and said.at else []
        raise Problem(422, "verification_failed", now.reason, errors=errors)
    return Answer(200, {"status": now.status, "facts": dict(now.facts)})


def health(call: Call) -> Answer:
    """What is known of a channel's connection, and when it was last checked."""
    _, row = find(call)
    return Answer(200, connection.health(row.body, now_ms()))
