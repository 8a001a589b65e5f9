"""Who changed what."""

from __future__ import annotations

from typing import Any

from chalicelib.api import cursors
from chalicelib.api.conversations import service_of_query
from chalicelib.api.front import Answer, Call
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import audit
from chalicelib.tables.audit import AuditEntry


def listing(call: Call) -> Answer:
    """Entries of a service, the newest first; those of no service are under `?service_id=parley`."""
    service = service_of_query(call)
    limit, of = cursors.limit_of(call), f"audit {service}"
    place = cursors.place_of(call, of=of)
    page = cursors.page(
        lambda most: audit.newest(service, limit=most, before=place),
        limit=limit,
        of=of,
        place=lambda row: str(row.id),
        show=_view,
    )
    return Answer(200, page)


def _view(row: AuditEntry) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": rfc3339(int(row.at)),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "change": row.change or {},
    }
