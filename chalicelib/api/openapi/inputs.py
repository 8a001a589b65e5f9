"""Schemas that are made of a kind's model: what a PATCH takes of it, and how a bundle lists it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.api.http.fields import shared
from chalicelib.api.kinds.contract import Kind
from chalicelib.api.setup.drafts import MERGED
from chalicelib.api.setup.references import HEADERS, MAPS

Schema = dict[str, Any]
NULL = {"type": "null"}
REFERENCE: Schema = {
    "description": "A secret by its name: that which the bundle gives under `secrets`, or which is kept in this place.",
    "type": "object",
    "required": ["secret"],
    "additionalProperties": False,
    "properties": {"secret": {"type": "string", "minLength": 1}},
}
"""What a bundle may have where a secret would stand."""


def change_of(kind: Kind, schemas: Mapping[str, Schema]) -> Schema:
    """A JSON merge patch: any part of what was given first; null puts a field back to its default."""
    schema = schemas[kind.model.__name__]
    required = schema.get("required", [])
    properties: dict[str, Schema] = {}
    for name, given in schema["properties"].items():
        if name in MERGED:
            properties[name] = _partial(given, schemas)
        elif name in kind.fixed:
            # Taken where it says what stands.
            properties[name] = {**given, "readOnly": True}
        elif name in required or name in kind.secret:
            properties[name] = given
        else:
            properties[name] = _or_null(given)
    # What has to go together is judged with what stands, which no schema knows.
    left = {key: value for key, value in schema.items() if key not in ("required", "anyOf", "oneOf", "properties")}
    return left | {"properties": properties}


def item_of(kind: Kind, schema: Schema) -> Schema:
    """A resource in a bundle: with a name of its own, in its bundle's service, and naming others by name or id."""
    properties = dict(schema["properties"])
    required = [name for name in schema.get("required", []) if name != "service_id" and name not in kind.refs]
    rules: list[Schema] = []
    for by_id in kind.refs:
        name = {"type": "string", "format": "name-in-bundle"}
        properties[by_name(by_id)] = {"type": "array", "items": name} if by_id.endswith("_ids") else name
        rules.append({"not": {"required": [by_id, by_name(by_id)]}})
        rules += [_either(by_id)] if by_id in schema.get("required", ()) else []
    rules += [{key: [_by_either(one, kind) for one in schema[key]]} for key in ("anyOf", "oneOf") if key in schema]
    if kind.webhook:
        properties["verify"] = {"type": "boolean", "default": False, "description": "Verify it once it stands."}
    for place in kind.secret | {HEADERS} & properties.keys():
        properties[place] = _referred(properties[place], several=place in MAPS)
    properties["name"] = {"type": "string", "minLength": 1, "maxLength": 200} | _named(properties["name"])
    return {
        "description": schema.get("description", ""),
        "type": "object",
        "additionalProperties": False,
        "required": list(dict.fromkeys([*required, "name"])),
        "properties": properties,
    } | ({"allOf": rules} if rules else {})


def by_name(by_id: str) -> str:
    """The member of a bundle's item that names what `by_id` names by id."""
    return by_id.removesuffix("_ids") + "s" if by_id.endswith("_ids") else by_id.removesuffix("_id")


def _either(by_id: str) -> Schema:
    return {"anyOf": [{"required": [by_id], "properties": {by_id: {"type": "string"}}}, {"required": [by_name(by_id)]}]}


def _by_either(schema: Schema, kind: Kind) -> Schema:
    """A schema that needs an id, with a name in its place too."""
    secrets = schema["properties"].get("secrets")
    if isinstance(secrets, dict):
        schema = schema | {"properties": schema["properties"] | {"secrets": _referred(secrets, several=True)}}
    needed = [name for name in schema.get("required", ()) if name in kind.refs]
    if not needed:
        return schema
    left = {name: one for name, one in schema["properties"].items() if name not in needed}
    required = [name for name in schema["required"] if name not in needed]
    return {"required": required, "properties": left, "allOf": [_either(name) for name in needed]}


def _partial(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """A schema of which each member may be left out, or taken away by null."""
    whole = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in whole:
        return whole
    members = {name: _or_null(_inside(one, schemas)) for name, one in whole["properties"].items()}
    return {key: value for key, value in whole.items() if key != "required"} | {"properties": members}


def _inside(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    objects = [one for one in schema.get("anyOf", ()) if "$ref" in one]
    return _partial(objects[0], schemas) if objects else schema


def _referred(schema: Schema, *, several: bool) -> Schema:
    """A secret, or several by their names, and references in their places."""
    if not several:
        return {"anyOf": [*schema.get("anyOf", [schema]), shared("SecretReference")]}
    either = schema | {
        "properties": {name: _referred(one, several=False) for name, one in schema.get("properties", {}).items()}
    }
    if isinstance(more := schema.get("additionalProperties"), dict):
        either["additionalProperties"] = _referred(more, several=False)
    return either


def _named(schema: Schema) -> Schema:
    return next((one for one in schema.get("anyOf", [schema]) if one.get("type") == "string"), {})


def _or_null(schema: Schema) -> Schema:
    if schema.get("type") == "null" or NULL in schema.get("anyOf", ()):
        return schema
    kept = {key: schema[key] for key in ("default", "description", "title") if key in schema}
    return {"anyOf": [{key: value for key, value in schema.items() if key not in kept}, NULL]} | kept
