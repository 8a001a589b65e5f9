"""Parameters of an operation, as the description has them."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http import formats
from chalicelib.api.http.formats import Form
from chalicelib.api.http.queries import QUERIES, Query
from chalicelib.api.http.routes import Route, singular_of
from chalicelib.api.openapi.statuses import keyed

_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key within a day gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` with which it was read: 409 where somebody else has changed it since.",
    "schema": {"type": "string", "format": "entity-tag"},
}
_OVERTAKEN = ("api.setup.resources:change", "api.setup.resources:remove")
_OUR_PAGE = {
    "name": "X-Parley-Console",
    "in": "header",
    "required": True,
    "description": "Shows that the console's own page asks, as no form and no page of another origin can set it.",
    "schema": {"type": "string", "const": "1"},
}
_BY_OUR_PAGE = ("api.console.session:begin", "api.console.session:end")
_PATHS: dict[str, Form] = {
    "/v1/contacts/": formats.CONTACT,
    "/v1/conversations/": formats.CONVERSATION,
    "/v1/threads/": formats.THREAD,
    "/v1/messages/": formats.MESSAGE,
    "/v1/deliveries/": formats.DELIVERY,
    "/v1/replays/": formats.REPLAY,
    "/v1/failures/": formats.FAILURE,
    "/v1/audit/": formats.AUDIT_ENTRY,
    "/v1/integration/trigger/": formats.RESOURCES["trigger"],
    "/v1/rules/versions/": formats.RULES_VERSION,
    "/v1/sources/": formats.RESOURCES["source"],
}
"""What a path begins with -> the form of the id in it, where the table of routes does not name its kind."""


def parameters(route: Route) -> list[dict[str, Any]]:
    """Those of the path, of the query and of the headers."""
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    found = [{"name": name, "in": "path", "required": True, "schema": _form(route, name).schema} for name in names]
    query = QUERIES.get(route.function)
    found += _of_query(query) if query else []
    found += [_KEY] if keyed(route) else []
    found += [_IF_MATCH] if route.function in _OVERTAKEN else []
    return found + ([_OUR_PAGE] if route.function in _BY_OUR_PAGE else [])


def _form(route: Route, name: str) -> Form:
    if name == "event_id":
        return formats.TRIGGER_EVENT
    if route.plural:
        return formats.RESOURCES[singular_of(route.plural)]
    return next(form for begins, form in _PATHS.items() if route.path.startswith(begins))


def _of_query(query: Query) -> list[dict[str, Any]]:
    named = dict(query.named)
    found: list[dict[str, Any]] = []
    # Members of an exploded object are parameters of their own: so the description can say how they go together.
    if query.one_of:
        found.append(_together("by", query.one_of, {"minProperties": 1, "maxProperties": 1}, required=True))
    if query.with_service:
        members = {"service_id": named.pop("service_id"), **query.with_service}
        needs = {name: ["service_id"] for name in query.with_service}
        found.append(_together("of", members, {"dependentRequired": needs}, required=False))
    return found + [_plain(name, schema) for name, schema in named.items()]


def _plain(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    listed = {"style": "form", "explode": False} if schema["type"] == "array" else {}
    return {"name": name, "in": "query", **listed, "schema": schema}


def _together(name: str, members: Any, rule: dict[str, Any], *, required: bool) -> dict[str, Any]:
    schema = {"type": "object", "properties": dict(members), "additionalProperties": False, **rule}
    return {"name": name, "in": "query", "required": required, "style": "form", "explode": True, "schema": schema}
