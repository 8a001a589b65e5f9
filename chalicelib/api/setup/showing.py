"""Resources as they are answered."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.base_url import base_url
from chalicelib.api.http.call import Call
from chalicelib.api.http.masks import masked
from chalicelib.api.kinds import channels
from chalicelib.api.kinds.contract import Kind, Shown
from chalicelib.api.kinds.webhooks import events_url
from chalicelib.api.setup.references import HEADERS
from chalicelib.ports import secrets
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import config, endpoints

_CALLED = ("channel", "source", "trigger")
"""Kinds that are answered with the address that outside systems call."""


def shown(call: Call, kind: Kind, row: config.Resource, *, status: str = "") -> dict[str, Any]:
    """One resource as it is answered."""
    if kind.webhook and not status:
        status = str(endpoints.get(row.id).status)
    return _shown(call, kind, row, status)


def opening(call: Call, kind: Kind, row: config.Resource) -> dict[str, Any]:
    """What of one resource opens a door, for admins: `events_url`, and the `webhook_url` of a channel whose calls bring
    a token in it. It belongs in `Answer.once`, to be kept sealed."""
    edge = {"bot": "bots", "desk": "desks"}.get(kind.name)
    is_door = edge or (kind.name == "channel" and channels.has_token(row.body))
    if not (is_door and row.sealed and call.caller.may("admin")):
        return {}
    base, opened = base_url(call.context), secrets.unseal(str(row.sealed), owner=row.id)
    if edge:
        return {"events_url": events_url(base, edge, row.id, opened["token"])}
    return channels.door(row, base, opened)


def all_shown(
    call: Call, kind: Kind, rows: list[config.Resource], statuses: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """A page of resources; their statuses are read together, where they are not given."""
    if statuses is None:
        statuses = statuses_of(rows) if kind.webhook else {}
    return [_shown(call, kind, row, statuses.get(row.id, endpoints.UNVERIFIED)) for row in rows]


def statuses_of(rows: list[config.Resource]) -> dict[str, str]:
    """Id -> status of those webhooks that have one yet."""
    found = endpoints.Endpoint.batch_get([row.id for row in rows]) if rows else ()
    return {str(row.id): str(row.status) for row in found}


def _shown(call: Call, kind: Kind, row: config.Resource, status: str) -> dict[str, Any]:
    fields = kind.show(row, Shown(base_url(call.context) if kind.name in _CALLED else "", status))
    if fields.get(HEADERS):
        # People put keys for their platform there.
        fields[HEADERS] = masked(fields[HEADERS])
    times = {"created_at": rfc3339(int(row.created_at or 0)), "updated_at": rfc3339(int(row.updated_at or 0))}
    return {"id": row.id} | fields | times
