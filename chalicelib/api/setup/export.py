"""A service as the bundle that `apply` finds unchanged: what its owner gave, by names, without a secret."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Response
from pydantic import ValidationError

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.dispatch import MAX_BODY
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.routes import plural_of
from chalicelib.api.http.services import is_id, service_of_query
from chalicelib.api.kinds.contract import Kind, kind_of
from chalicelib.api.setup import references
from chalicelib.api.setup.bundles import KINDS, MOST, YAML
from chalicelib.api.setup.drafts import standing
from chalicelib.ports import web
from chalicelib.ports.web import Problem
from chalicelib.tables import config, endpoints
from chalicelib.tables.config import Resource

_FIRST = ("name", "kind")


def export(call: Call) -> Answer | Response:
    """The bundle of `?service_id=`, in YAML where `Accept` asks for it; Problem 409 where no bundle can say what the
    service is."""
    found = bundle_of(_service(call))
    accepts = (call.headers.get("accept") or "").lower()
    text = _yaml(found) if any(kind in accepts for kind in YAML) else ""
    if len((text or json.dumps(found, ensure_ascii=False)).encode()) > MAX_BODY:
        raise _no_bundle([("", f"it would be larger than {MAX_BODY} bytes")])
    if text:
        return web.text(200, text, {"Content-Type": YAML[0], "Cache-Control": "no-store"})
    return Answer(200, found)


def bundle_of(service: Resource) -> dict[str, Any]:
    """The bundle of a service."""
    rows: dict[str, list[Resource]] = {plural: [] for plural in KINDS}
    for row in config.in_service(service.id):
        rows.setdefault(plural_of(row.kind), []).append(row)
    if wrong := [problem for plural in KINDS for problem in _problems(plural, rows[plural])]:
        raise _no_bundle(wrong)
    names = {row.id: str(row.name) for listed in rows.values() for row in listed}
    webhooks = [row.id for plural in KINDS if kind_of(plural).webhook for row in rows[plural]]
    statuses = {str(row.id): str(row.status) for row in endpoints.Endpoint.batch_get(webhooks)} if webhooks else {}
    found: dict[str, Any] = {"service": _given(kind_of("services"), service)}
    if sum(one.name == service.name for one in config.of_kind(config.SERVICES, "service")) > 1:
        # By its name alone it would not be found.
        found["service_id"] = service.id
    for plural in KINDS:
        kind = kind_of(plural)
        # A rule's place in the list is its position; others stand where they are easily found.
        listed = sorted(rows[plural], key=lambda row: (row.body.get("position", 0), str(row.name)))
        found[plural] = [_item(kind, row, n, names, statuses.get(row.id, "")) for n, row in enumerate(listed)]
    return found


def _service(call: Call) -> Resource:
    service = service_of_query(call)
    if not is_id("service", service):
        raise invalid([("/service_id", "is needed")])
    row = config.get("service", service)
    if row is None:
        raise Problem(404, "not_found", f"there is no service {service}")
    return row


def _item(kind: Kind, row: Resource, n: int, names: dict[str, str], status: str) -> dict[str, Any]:
    item = dict(_named(kind, name, value, names) for name, value in _given(kind, row).items() if name != "service_id")
    if item.get("position") == n + 1:
        del item["position"]
    item |= references.of_row(kind, row)
    if kind.webhook and status == endpoints.SUSPENDED:
        item["suspended"] = True
    if kind.webhook and status == endpoints.ACTIVE and row.body.get("webhook_url"):
        item["verify"] = True
    return {name: item[name] for name in _FIRST if name in item} | item


def _named(kind: Kind, field: str, value: Any, names: dict[str, str]) -> tuple[str, Any]:
    """A field that names others by id, by their names; an id that leads nowhere stays, and `apply` says so."""
    if field in kind.refs and isinstance(value, list) and all(one in names for one in value):
        return field.removesuffix("_ids") + "s", [names[one] for one in value]
    if field in kind.refs and isinstance(value, str) and value in names:
        return field.removesuffix("_id"), names[value]
    return field, value


def _given(kind: Kind, row: Resource) -> dict[str, Any]:
    """The fields that say more than their defaults; an item that leaves one out has its default."""
    fields = standing(kind, row)
    try:
        return kind.model.model_validate(fields).model_dump(mode="json", exclude_defaults=True)
    except ValidationError:
        # Of a time when it was allowed: it is shown as it is, and `apply` says what is wrong with it.
        return {name: value for name, value in fields.items() if value is not None}


def _problems(plural: str, rows: list[Resource]) -> list[tuple[str, str]]:
    names = [row.name for row in rows]
    wrong = [(f"/{plural}", f"{row.id} has no name") for row in rows if not row.name]
    wrong += [
        (f"/{plural}", f"{names.count(name)} are called {name!r}")
        for name in sorted({name for name in names if name and names.count(name) > 1})
    ]
    if len(rows) > MOST:
        wrong.append((f"/{plural}", f"there are {len(rows)}, and a bundle takes {MOST}"))
    return wrong


def _no_bundle(wrong: list[tuple[str, str]]) -> Problem:
    detail = "no bundle can say what this service is: " + "; ".join(f"{path} {why}".strip() for path, why in wrong)
    return Problem(409, "no_bundle", detail[:500], errors=wrong)


def _yaml(value: dict[str, Any]) -> str:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Writes a value that stands twice twice: a bundle takes no aliases."""

        def ignore_aliases(self, _: Any) -> bool:
            return True

    text: str = yaml.dump(value, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)
    return text
