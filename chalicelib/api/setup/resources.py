"""Making, reading, changing and removing resources of every kind; what is special to a kind is in its `KIND`."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import body, invalid, read
from chalicelib.api.http.routes import plural_of
from chalicelib.api.http.services import is_id, meanwhile
from chalicelib.api.kinds.contract import Draft, Kind, kind_of
from chalicelib.api.setup import changes, connecting
from chalicelib.api.setup.drafts import merged, redrafted, refer, stand_alone
from chalicelib.api.setup.showing import opening, shown
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, endpoints

_TRIES = 4


def create(call: Call) -> Answer:
    """201 with the new resource."""
    kind = kind_of(call.route.plural)
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
    seen = (service, config.version(service)) if service and (kind.refs or kind.unique) else None
    refer(kind, fields, service)
    stand_alone(kind, fields, service)
    draft = Draft(changes.new_id(kind.name, service), service, fields, given, {}, {}, now_ms())
    change = changes.made(kind, draft, kind.settle(draft))
    _ask(call, change)
    changes.commit([change], actor=call.caller.id, service=change.audit_service, now=draft.now, seen_version=seen)
    connecting.registered([change], call)
    once = opening(call, kind, change.row) | change.settled.once
    return Answer(201, shown(call, kind, change.row, status=change.settled.status), once)


def one(call: Call) -> Answer:
    """The resource."""
    kind, row = find(call)
    return Answer(200, shown(call, kind, row), opening(call, kind, row), headers=_tag(row))


def change(call: Call) -> Answer:
    """The resource with the given fields changed (JSON merge patch: null puts a field back to its default)."""
    kind, row = find(call)
    _refuse_overtaken(call, kind, row)
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
    seen = (draft.service, config.version(draft.service)) if draft.service and kind.refs else None
    refer(kind, draft.fields, draft.service)
    changed = changes.changed(kind, draft, kind.settle(draft), row)
    _ask(call, changed)
    back = bool(kind.webhook) and changed.settled.status == endpoints.ACTIVE
    if back:
        changes.will_be_back(call.id, draft.service, at=draft.now)
    if not changed.nothing:
        changes.commit([changed], actor=call.caller.id, service=changed.audit_service, now=draft.now, seen_version=seen)
    if back:
        # A console desk is back as soon as its owner says so.
        changes.announce_back(call.id, draft.service, at=draft.now)
    connecting.registered([changed], call)
    once = opening(call, kind, changed.row) | changed.settled.once
    return Answer(200, shown(call, kind, changed.row, status=changed.settled.status), once, headers=_tag(changed.row))


def _ask(call: Call, change: changes.Change) -> None:
    """Ask a channel's provider; Problem 422 where it says that a setting or a secret is wrong."""
    if wrong := connecting.checked([change], call):
        raise invalid([(at, why) for _, at, why in wrong])


def remove(call: Call) -> Answer:
    """204; Problem 409 where another resource needs it."""
    kind, row = find(call)
    _refuse_overtaken(call, kind, row)
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
    # Keys without their person open nothing; the person goes first.
    keys = changes.keys_of([row.id]) if kind.name == "person" else []
    changes.commit([gone, *keys], actor=call.caller.id, service=gone.audit_service, now=now_ms(), seen_version=seen)
    return Answer(204)


def _tag(row: config.Resource) -> dict[str, str]:
    """The resource's version, for `If-Match`."""
    return {"ETag": f'"{_version(row)}"'}


def _version(row: config.Resource) -> str:
    return rfc3339(int(row.updated_at or 0))


def _refuse_overtaken(call: Call, kind: Kind, row: config.Resource) -> None:
    """Problem 409 with the resource as it stands (`now`) where the caller has read another version of it, which
    `If-Match` names (RFC 9110, 13.1.1)."""
    wanted = (call.headers.get("if-match") or "").strip()
    if wanted and wanted != "*" and _version(row) not in (one.strip(' "') for one in wanted.split(",")):
        detail = "somebody else changed it since it was read; `now` is how it stands"
        raise Problem(409, "changed_meanwhile", detail, now=shown(call, kind, row))


def find(call: Call) -> tuple[Kind, config.Resource]:
    """The resource that a path names; Problem 404 where there is none, 403 where the key may not see it."""
    kind = kind_of(call.route.plural)
    if not is_id(kind.name, call.id):
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


def _remove_service(call: Call, row: config.Resource) -> None:
    now = now_ms()
    inside = list(config.in_service(row.id))
    if inside and call.query.get("cascade", "").lower() not in ("true", "1"):
        raise Problem(409, "not_empty", f"the service has {len(inside)} resources; ?cascade=true removes them too")
    keys = [one for one in config.of_kind(config.KEYS, "key") if one.body.get("service_id") == row.id]
    within = [changes.removed(kind_of(plural_of(one.kind)), one) for one in inside + keys]
    changes.commit(within, actor=call.caller.id, service=row.id, now=now)
    # Read before looking: what is made from here on makes this fail, and so nothing is left without its service.
    version = config.version(row.id)
    if any(config.in_service(row.id)):
        raise meanwhile()
    gone = changes.removed(kind_of("services"), row)
    changes.commit([gone], actor=call.caller.id, service=row.id, now=now, seen_version=(row.id, version))
