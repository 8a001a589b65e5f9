"""Lists of resources: of one service, or of all that the key may see."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http import across, cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.services import is_id, service_of_query
from chalicelib.api.kinds.contract import Kind, kind_of
from chalicelib.api.setup.showing import all_shown
from chalicelib.tables import config


def listing(call: Call) -> Answer:
    """A page of resources, by id; of `?service_id=`, else of all services that the key may see."""
    kind = kind_of(call.route.plural)
    limit, of = cursors.limit_of(call), call.route.path + (call.query.get("service_id") or "")
    after = cursors.place_of(call, of=of)
    service = service_of_query(call)
    if kind.name in ("service", "key"):
        rows = _top(kind, service, after, limit + 1)
    elif service:
        rows = config.list_kind(service, kind.name, limit=limit + 1, after=after or None)[0]
    else:
        return Answer(200, _of_all_services(call, kind, limit, of))
    more = cursors.encode(rows[limit - 1].id, of=of) if len(rows) > limit else None
    return Answer(200, {"data": all_shown(call, kind, rows[:limit]), "next_cursor": more})


def _top(kind: Kind, service: str, after: str, most: int) -> list[config.Resource]:
    """Services or keys, of which a limited key sees its own."""
    partition = config.SERVICES if kind.name == "service" else config.KEYS
    if not service:
        return config.list_kind(partition, kind.name, limit=most, after=after or None)[0]
    if kind.name == "service":
        row = config.get("service", service) if is_id("service", service) else None
        return [row] if row else []
    mine = [row for row in config.of_kind(partition, "key") if row.body.get("service_id") == service and row.id > after]
    return mine[:most]


def _of_all_services(call: Call, kind: Kind, limit: int, of: str) -> dict[str, Any]:
    return across.page(
        call,
        limit=limit,
        of=of,
        rows=lambda service, most, after: config.list_kind(service, kind.name, limit=most, after=after or None)[0],
        place=lambda row: str(row.id),
        show=lambda rows: all_shown(call, kind, rows),
    )
