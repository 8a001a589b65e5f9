"""Drafts of changed resources: what stands, with what was given merged in, and checked as a whole."""

from __future__ import annotations

from typing import Any, get_args

from chalicelib.api.http.fields import invalid, kept, parse
from chalicelib.api.kinds.contract import Draft, Kind
from chalicelib.ports import secrets
from chalicelib.ports.clock import now_ms
from chalicelib.tables import config

MERGED = ("settings", "mapping")
"""Fields that a PATCH merges; others it replaces as a whole, as a rule's condition must be."""


def merged(kind: Kind, row: config.Resource, patch: dict[str, Any]) -> dict[str, Any]:
    """The fields that stand, with the patch merged in; secrets only where the patch gives them."""
    known = kind.model.model_fields
    stands = standing(kind, row)
    whole: dict[str, Any] = dict(stands)
    for name, value in patch.items():
        if name in kind.secret:
            whole[name] = value
        elif value is None and name in known:
            whole.pop(name, None)
        else:
            whole[name] = _merge(stands.get(name), value, deep=name in MERGED)
    return whole


def standing(kind: Kind, row: config.Resource) -> dict[str, Any]:
    """The fields of the model as they stand, without secrets. What was left empty where the default is not is null."""
    known, body = kind.model.model_fields, dict(row.body or {})
    emptied = {
        name: None
        for name, field in known.items()
        if name not in body and field.default is not None and type(None) in get_args(field.annotation)
    }
    return emptied | {name: value for name, value in body.items() if name in known}


def redrafted(kind: Kind, row: config.Resource, fields: dict[str, Any], given: frozenset[str]) -> Draft:
    """A draft of the changed resource; Problem 422 where the fields are wrong."""
    model = parse(kind.model, kept(fields))
    return Draft(
        id=row.id,
        service=_service_of(kind, row),
        fields=model.model_dump(mode="json"),
        given=given,
        body=dict(row.body or {}),
        secrets=secrets.unseal(str(row.sealed or ""), owner=row.id),
        now=max(now_ms(), int(row.updated_at or 0) + 1),
    )


def _service_of(kind: Kind, row: config.Resource) -> str:
    if kind.name == "service":
        return str(row.id)
    # Keys lie together, and some belong to no service.
    return str(row.body.get("service_id") or "") if kind.name == "key" else str(row.service)


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


def stand_alone(kind: Kind, fields: dict[str, Any], service: str) -> None:
    """Check that no other of the kind has the value that must be its own; Problem 422 that names the field."""
    if kind.unique and any(
        row.body.get(kind.unique) == fields[kind.unique] for row in config.of_kind(service, kind.name)
    ):
        raise invalid([(f"/{kind.unique}", f"another {kind.name} of this service has it")])


def _merge(stands: Any, patch: Any, *, deep: bool) -> Any:
    """JSON merge patch (RFC 7396) of what is merged at all."""
    if not deep or not isinstance(stands, dict) or not isinstance(patch, dict):
        return patch
    whole = {name: value for name, value in stands.items() if name not in patch}
    return whole | {
        name: _merge(stands.get(name), value, deep=True) for name, value in patch.items() if value is not None
    }
