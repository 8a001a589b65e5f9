"""Making, listing, changing and removing resources of every kind; what is special to a kind is in its `KIND`."""

from __future__ import annotations

from typing import Any

from chalicelib.api import changes, cursors
from chalicelib.api.base_url import base_url
from chalicelib.api.fields import body, invalid, kept, parse, read
from chalicelib.api.front import Answer, Call
from chalicelib.api.kinds import Draft, Kind, Shown, kind_of
from chalicelib.api.webhooks import events_url
from chalicelib.ports import secrets
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, endpoints

_TRIES = 4
_SERVICES_A_PAGE = 25
"""Partitions read for one page of a list over all services."""


def create(call: Call) -> Answer:
    """201 with the new resource."""
    kind = kind_of(call.route.thing)
    given = body(call, kind.model)
    fields = given.model_dump(mode="json")
    service = _service_of_new(call, kind, fields)
    for tries_left in reversed(range(_TRIES)):
        try:
            return _create(call, kind, fields, frozenset(given.model_fields_set), service)
        except Problem as problem:
            # What it names, or the last position, changed at the same time: look again.
            if problem.code != "changed_meanwhile" or not tries_left:
                raise
    raise AssertionError("the last try answers or raises")


def _create(call: Call, kind: Kind, fields: dict[str, Any], given: frozenset[str], service: str) -> Answer:
    seen = (service, config.version(service)) if kind.refs else None
    refer(kind, fields, service)
    draft = Draft(changes.new_id(kind.name, service), service, fields, given, {}, {}, now_ms())
    change = changes.made(kind, draft, kind.settle(draft))
    changes.commit([change], actor=call.caller.id, service=change.audit_service, now=draft.now, seen_version=seen)
    return Answer(201, shown(call, kind, change.row, status=change.settled.status), change.settled.once)


def listing(call: Call) -> Answer:
    """A page of resources, by id; of `?service_id=`, else of all services that the key may see."""
    kind = kind_of(call.route.thing)
    limit, of = cursors.limit_of(call), call.route.path + (call.query.get("service_id") or "")
    after = cursors.place_of(call, of=of)
    service = changes.service_of_query(call)
    if kind.name in ("service", "key"):
        rows = _top(kind, service, after, limit + 1)
    elif service:
        rows = config.list_kind(service, kind.name, limit=limit + 1, after=after or None)[0]
    else:
        return Answer(200, _of_all_services(call, kind, after, limit, of))
    more = cursors.encode(rows[limit - 1].id, of=of) if len(rows) > limit else None
    return Answer(200, {"data": _all_shown(call, kind, rows[:limit]), "next_cursor": more})


def one(call: Call) -> Answer:
    """The resource."""
    kind, row = find(call)
    return Answer(200, shown(call, kind, row))


def change(call: Call) -> Answer:
    """The resource with the given fields changed (JSON merge patch: null puts a field back to its default)."""
    kind, row = find(call)
    patch = read(call)
    if not isinstance(patch, dict):
        raise invalid([("", "must be an object")])
    if wrong := [
        (f"/{name}", "cannot be changed")
        for name in sorted(kind.fixed & patch.keys())
        if patch[name] != row.body.get(name)
    ]:
        raise invalid(wrong)
    draft = redrafted(kind, row, merged(kind, row, patch), frozenset(patch))
    seen = (draft.service, config.version(draft.service)) if kind.refs else None
    refer(kind, draft.fields, draft.service)
    changed = changes.changed(kind, draft, kind.settle(draft), row)
    if not changed.nothing:
        changes.commit([changed], actor=call.caller.id, service=changed.audit_service, now=draft.now, seen_version=seen)
    return Answer(200, shown(call, kind, changed.row, status=changed.settled.status) | changed.settled.once)


def remove(call: Call) -> Answer:
    """204; Problem 409 where another resource needs it."""
    kind, row = find(call)
    if kind.name == "service":
        _remove_service(call, row)
        return Answer(204)
    service = str(row.service)
    seen = None
    if kind.name != "key":
        seen = (service, config.version(service))
        if users := changes.users_of(service, row.id):
            raise Problem(409, "in_use", f"used by {', '.join(users)}"[:300])
    gone = changes.removed(kind, row)
    changes.commit([gone], actor=call.caller.id, service=gone.audit_service, now=now_ms(), seen_version=seen)
    return Answer(204)


def find(call: Call) -> tuple[Kind, config.Resource]:
    """The resource that a path names; Problem 404 where there is none, 403 where the key may not see it."""
    kind = kind_of(call.route.thing)
    if not changes.is_id(kind.name, call.id):
        raise Problem(404, "not_found", f"there is no {kind.name} {call.id[:60]!r}")
    if kind.name == "service":
        call.caller.need_service(call.id)
    elif kind.name != "key":
        call.caller.need_service(config.service_of(call.id))
    row = config.get(kind.name, call.id)
    if row is None:
        raise Problem(404, "not_found", f"there is no {kind.name} {call.id!r}")
    if kind.name == "key" and call.caller.service:
        call.caller.need_service(str(row.body.get("service_id") or ""))
    return kind, row


def merged(kind: Kind, row: config.Resource, patch: dict[str, Any]) -> dict[str, Any]:
    """The fields that stand, with the patch merged in; secrets only where the patch gives them."""
    known = kind.model.model_fields
    stands = {name: value for name, value in dict(row.body or {}).items() if name in known}
    whole: dict[str, Any] = stands
    for name, value in patch.items():
        if name in kind.secret:
            whole[name] = value
        elif value is None and name in known:
            whole.pop(name, None)
        else:
            whole[name] = _merge(stands.get(name), value, deep=name == "settings")
    return whole


def redrafted(kind: Kind, row: config.Resource, fields: dict[str, Any], given: frozenset[str]) -> Draft:
    """A draft of the changed resource; Problem 422 where the fields are wrong."""
    model = parse(kind.model, kept(fields))
    return Draft(
        id=row.id,
        service=row.id if kind.name == "service" else str(row.service),
        fields=model.model_dump(mode="json"),
        given=given,
        body=dict(row.body or {}),
        secrets=secrets.unseal(str(row.sealed or ""), owner=row.id),
        now=max(now_ms(), int(row.updated_at or 0) + 1),
    )


def refer(kind: Kind, fields: dict[str, Any], service: str) -> None:
    """Check that what the fields name exists in the same service; Problem 422 that names the field."""
    wrong = []
    for name, target in kind.refs.items():
        value = fields.get(name)
        many = isinstance(value, list)
        for n, resource_id in enumerate(value if isinstance(value, list) else [value] if value else []):
            if config.service_of(resource_id) != service or config.get(target, resource_id) is None:
                wrong.append(
                    (f"/{name}/{n}" if many else f"/{name}", f"there is no {target} {resource_id} in this service")
                )
    if wrong:
        raise invalid(wrong)


def shown(call: Call, kind: Kind, row: config.Resource, *, status: str = "") -> dict[str, Any]:
    """One resource as it is answered."""
    if kind.webhook and not status:
        status = str(endpoints.get(row.id).status)
    answer = _shown(call, kind, row, status)
    edge = {"bot": "bots", "desk": "desks"}.get(kind.name)
    if edge and row.sealed and call.caller.may("admin"):
        token = secrets.unseal(str(row.sealed), owner=row.id)["token"]
        answer["events_url"] = events_url(base_url(call.context), edge, row.id, token)
    return answer


def _shown(call: Call, kind: Kind, row: config.Resource, status: str) -> dict[str, Any]:
    fields = kind.show(row, Shown(base_url(call.context) if kind.name == "channel" else "", status))
    if fields.get("headers") and not call.caller.may("admin"):
        # People put keys for their platform there.
        fields["headers"] = dict.fromkeys(fields["headers"], "***")
    times = {"created_at": rfc3339(int(row.created_at or 0)), "updated_at": rfc3339(int(row.updated_at or 0))}
    return {"id": row.id} | fields | times


def _all_shown(call: Call, kind: Kind, rows: list[config.Resource]) -> list[dict[str, Any]]:
    statuses = {}
    if kind.webhook and rows:
        statuses = {str(row.id): str(row.status) for row in endpoints.Endpoint.batch_get([row.id for row in rows])}
    return [_shown(call, kind, row, statuses.get(row.id, endpoints.UNVERIFIED)) for row in rows]


def _service_of_new(call: Call, kind: Kind, fields: dict[str, Any]) -> str:
    """The service that a new resource belongs to; Problem 403 or 422."""
    service = fields.get("service_id") or ""
    if kind.name == "service" or (kind.name == "key" and not service):
        if call.caller.service:
            raise Problem(403, "other_service", "this key is limited to a service")
        return ""
    call.caller.need_service(service)
    if config.get("service", service) is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    return str(service)


def _top(kind: Kind, service: str, after: str, most: int) -> list[config.Resource]:
    """Services or keys, of which a limited key sees its own."""
    partition = config.SERVICES if kind.name == "service" else config.KEYS
    if not service:
        return config.list_kind(partition, kind.name, limit=most, after=after or None)[0]
    if kind.name == "service":
        row = config.get("service", service) if changes.is_id("service", service) else None
        return [row] if row else []
    mine = [row for row in config.of_kind(partition, "key") if row.body.get("service_id") == service and row.id > after]
    return mine[:most]


def _of_all_services(call: Call, kind: Kind, after: str, limit: int, of: str) -> dict[str, Any]:
    """A page over services one after the other; it may be short of `limit` and still have a next one."""
    last_service, _, last_id = after.partition("/")
    rows: list[config.Resource] = []
    place = None
    if last_service and last_id:
        rows = config.list_kind(last_service, kind.name, limit=limit + 1, after=last_id)[0]
    services: list[config.Resource] = []
    if len(rows) <= limit:
        services, more = config.list_kind(
            config.SERVICES, "service", limit=_SERVICES_A_PAGE, after=last_service or None
        )
        place = f"{more}/" if more else None
    for service in services:
        if len(rows) > limit:
            break
        rows += config.list_kind(service.id, kind.name, limit=limit + 1 - len(rows))[0]
    if len(rows) > limit:
        rows = rows[:limit]
        place = f"{rows[-1].service}/{rows[-1].id}"
    return {"data": _all_shown(call, kind, rows), "next_cursor": cursors.encode(place, of=of) if place else None}


def _remove_service(call: Call, row: config.Resource) -> None:
    version = config.version(row.id)
    inside = list(config.in_service(row.id))
    if inside and call.query.get("cascade") != "true":
        raise Problem(409, "not_empty", f"the service has {len(inside)} resources; ?cascade=true removes them too")
    now = now_ms()
    if inside:
        changes.commit(
            [changes.removed(kind_of(f"{one.kind}s"), one) for one in inside],
            actor=call.caller.id, service=row.id, now=now, seen_version=(row.id, version),
        )  # fmt: skip
    gone = changes.removed(kind_of("services"), row)
    changes.commit([gone], actor=call.caller.id, service=row.id, now=now)


def _merge(stands: Any, patch: Any, *, deep: bool) -> Any:
    """JSON merge patch (RFC 7396) of settings; other fields are replaced as a whole, as a rule's condition must be."""
    if not deep or not isinstance(stands, dict) or not isinstance(patch, dict):
        return patch
    whole = {name: value for name, value in stands.items() if name not in patch}
    return whole | {
        name: _merge(stands.get(name), value, deep=True) for name, value in patch.items() if value is not None
    }
