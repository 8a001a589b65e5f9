"""Who changed what."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http import across, cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.formats import AUDIT_ENTRY
from chalicelib.api.http.services import service_of_query
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, config
from chalicelib.tables.audit import AuditEntry


def listing(call: Call) -> Answer:
    """Entries, the newest first, without `?service_id=` service by service; those of no service are under
    `?service_id=parley`."""
    service = service_of_query(call)
    limit, of = cursors.limit_of(call), f"audit {service}"
    if not service:
        return Answer(200, _of_all_services(call, limit, of))
    place = cursors.place_of(call, of=of)
    page = cursors.page(
        lambda most: audit.newest(service, limit=most, before=place),
        limit=limit,
        of=of,
        place=lambda row: str(row.id),
        show=_view,
    )
    return Answer(200, page)


def _of_all_services(call: Call, limit: int, of: str) -> dict[str, Any]:
    return across.page(
        call,
        limit=limit,
        of=of,
        rows=lambda service, most, before: audit.newest(service, limit=most, before=before),
        place=lambda row: str(row.id),
        show=lambda rows: [_view(row) for row in rows],
    )


def one(call: Call) -> Answer:
    """An entry of `?service_id=`, or of the key's only service, else of none."""
    service = service_of_query(call) or config.SYSTEM
    row = audit.get(service, call.id) if AUDIT_ENTRY.fits(call.id) else None
    if row is None:
        raise Problem(404, "not_found", f"there is no entry {call.id[:60]!r} in the audit of {service}")
    return Answer(200, _view(row))


def _view(row: AuditEntry) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": rfc3339(int(row.at)),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "change": row.change or {},
    }
