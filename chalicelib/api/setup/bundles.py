"""Bundles as text: YAML or JSON, read without anything that YAML can do beyond JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from chalicelib.api.http.call import Call
from chalicelib.api.http.fields import MAX_DEPTH, Fields, Secret, kept, parse, read, shared
from chalicelib.api.http.formats import ServiceId
from chalicelib.api.kinds.contract import kind_of
from chalicelib.ports.web import Problem

KINDS = ("channels", "bots", "desks", "people", "rules", "triggers", "sources", "subscriptions", "replies")
"""What a bundle lists, in the order in which it is made: what is named before what names it."""
YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
MOST = 500
"""Of one kind."""
_AROUND = 2
"""Levels of a bundle around a resource, which may be as deep as one that is given alone."""
_MOST_EVENTS = 60_000
"""Of a bundle of five hundred resources of each kind with some fifteen fields each."""
_TAG = "tag:yaml.org,2002:"
_TAGS = (None, "!", f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq")
"""Kinds that a value may be said to be; what else a tag may make is no JSON, or takes what is no such thing for one."""


def _items(plural: str) -> Any:
    name = f"{kind_of(plural).model.__name__}Item"
    return Field(default=None, max_length=MOST, json_schema_extra=lambda schema: _listed(schema, name))


def _listed(schema: dict[str, Any], name: str) -> None:
    """What the items of a list are is another schema: they are checked one by one, with their places in the bundle."""
    schema["anyOf"][0]["items"] = shared(name)


Items = list[dict[str, Any]]


def _given(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


class Bundle(Fields):
    """A service and what belongs to it. A kind that is absent is left alone; an empty list removes all of it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_given("service"), _given("service_id")]})

    service: Annotated[dict[str, Any], WithJsonSchema(shared("ServiceItem"))] | None = None
    """The service's fields; it is found by its name, and made where there is none."""
    service_id: ServiceId | None = None
    """Instead of `service`, or beside it to rename one."""
    channels: Items | None = _items("channels")
    bots: Items | None = _items("bots")
    desks: Items | None = _items("desks")
    people: Items | None = _items("people")
    rules: Items | None = _items("rules")
    triggers: Items | None = _items("triggers")
    sources: Items | None = _items("sources")
    subscriptions: Items | None = _items("subscriptions")
    replies: Items | None = _items("replies")
    secrets: dict[Annotated[str, Field(min_length=1)], Secret] | None = None
    """Values by the names with which the others refer to them: `{"secret": "name"}`."""


def bundle(call: Call) -> Bundle:
    """The bundle of a request; Problem 400 where the text cannot be read, 422 for wrong fields."""
    kind = (call.headers.get("content-type") or "").partition(";")[0].strip().lower()
    return parse(Bundle, kept(_yaml(call.raw), around=_AROUND) if kind in YAML else read(call, around=_AROUND))


def _yaml(raw: bytes) -> Any:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        text = raw.decode()
        # The one in C where there is one: it reads a megabyte in a second, where Python's takes twenty.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        depth = 0
        for events, event in enumerate(yaml.parse(text, Loader=loader)):
            # An alias lets a kilobyte stand for gigabytes, and JSON has none.
            if isinstance(event, yaml.AliasEvent):
                raise Problem(400, "malformed_yaml", "aliases (*name) are not taken")
            if (tag := getattr(event, "tag", None)) not in _TAGS:
                raise Problem(400, "malformed_yaml", f"tags ({str(tag)[:60]}) are not taken")
            # The parser's time grows with the square of the depth, so it is bounded while it reads.
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH + _AROUND + 1:
                raise Problem(422, "invalid", f"is nested deeper than {MAX_DEPTH + _AROUND} levels")
            if events > _MOST_EVENTS:
                raise Problem(413, "too_large", f"has more than {_MOST_EVENTS} names, values and brackets")
        return yaml.load(text, Loader=_loader(loader))  # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Problem(400, "malformed_yaml", f"the body is no YAML: {error}"[:300]) from None


def _loader(safe: Any) -> Any:
    """A safe loader that reads words as YAML 1.2 and JSON do, and refuses a name that stands twice in a map, where YAML
    would let the last one win unseen.

    YAML 1.1 takes `12:30` for 750, also with ten thousand more colons, `NO` for false and a day for an object.
    """
    import yaml

    class Once(safe):
        """Reads each name of a map once."""

    def mapping(loader: Any, node: Any) -> Any:
        seen: set[Any] = set()
        for name, _ in node.value:
            said = (name.tag, name.value if isinstance(name.value, str) else id(name))
            if said in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name.value!r} stands twice", name.start_mark)
            seen.add(said)
        made: dict[Any, Any] = safe.construct_mapping(loader, node, deep=True)
        return made

    def number(read: Any) -> Any:
        return lambda loader, node: node.value if ":" in node.value else read(loader, node)

    def flag(_: Any, node: Any) -> Any:
        said = node.value.lower()
        return said == "true" if said in ("true", "false") else node.value

    Once.add_constructor(f"{_TAG}map", mapping)
    Once.add_constructor(f"{_TAG}int", number(safe.construct_yaml_int))
    Once.add_constructor(f"{_TAG}float", number(safe.construct_yaml_float))
    Once.add_constructor(f"{_TAG}bool", flag)
    for kind in ("timestamp", "value"):
        Once.add_constructor(_TAG + kind, safe.construct_yaml_str)
    return Once
