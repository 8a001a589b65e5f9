"""Bundles as text: YAML or JSON, read without anything that YAML can do beyond JSON."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from chalicelib.api.fields import MAX_DEPTH, Fields, Id, kept, parse, read
from chalicelib.api.front import Call
from chalicelib.ports.web import Problem

KINDS = ("channels", "bots", "desks", "rules", "triggers", "sources", "subscriptions")
"""What a bundle lists, in the order in which it is made: what is named before what names it."""
_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_MOST = 500

Items = list[dict[str, Any]]


class Bundle(Fields):
    """A service and what belongs to it. A kind that is absent is left alone; an empty list removes all of it."""

    service: dict[str, Any] | None = None
    """The service's fields; it is found by its name, and made where there is none."""
    service_id: Id | None = None
    """Instead of `service`, or beside it to rename one."""
    channels: Items | None = Field(default=None, max_length=_MOST)
    bots: Items | None = Field(default=None, max_length=_MOST)
    desks: Items | None = Field(default=None, max_length=_MOST)
    rules: Items | None = Field(default=None, max_length=_MOST)
    triggers: Items | None = Field(default=None, max_length=_MOST)
    sources: Items | None = Field(default=None, max_length=_MOST)
    subscriptions: Items | None = Field(default=None, max_length=_MOST)


def bundle(call: Call) -> Bundle:
    """The bundle of a request; Problem 400 where the text cannot be read, 422 for wrong fields."""
    kind = (call.headers.get("content-type") or "").partition(";")[0].strip().lower()
    return parse(Bundle, kept(_yaml(call.raw)) if kind in _YAML else read(call))


def _yaml(raw: bytes) -> Any:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        text = raw.decode()
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            # An alias lets a kilobyte stand for gigabytes, and JSON has none.
            if isinstance(event, yaml.AliasEvent):
                raise Problem(400, "malformed_yaml", "aliases (*name) are not taken")
            # The parser's time grows with the square of the depth, so it is bounded while it reads.
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Problem(422, "invalid", f"is nested deeper than {MAX_DEPTH} levels")
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Problem(400, "malformed_yaml", f"the body is no YAML: {error}"[:300]) from None
