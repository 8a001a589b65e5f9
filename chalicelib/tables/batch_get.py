"""Reads that cross tables in one call: a message's path is billed by calls and their CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynamodb.models import Model

from chalicelib.ports import aws
from chalicelib.ports.aws import Unprocessed

Key = tuple[type[Model], str, str | None]
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MOST = 100


def get_all(keys: Sequence[Key], *, consistent: bool = True) -> list[Any]:
    """The items of any number of (model, hash key, range key), a hundred in a call, None where there is none; read
    consistently, or for half the units as they stood a moment ago."""
    pages = [keys[at : at + _MOST] for at in range(0, len(keys), _MOST)]
    return [item for page in pages for item in _page(page, consistent)]


def _page(keys: Sequence[Key], consistent: bool) -> list[Any]:
    request: dict[str, Any] = {}
    for model, hash_key, range_key in keys:
        request.setdefault(model.Meta.table_name, {"Keys": [], "ConsistentRead": consistent})["Keys"].append(
            _wire(model, hash_key, range_key)
        )
    answer = aws.client("dynamodb").batch_get_item(RequestItems=request)
    if any(left.get("Keys") for left in answer.get("UnprocessedKeys", {}).values()):
        raise Unprocessed(", ".join(answer["UnprocessedKeys"]))
    found: dict[tuple[str, str, str | None], Any] = {}
    for model in {model for model, _, _ in keys}:
        for item in answer["Responses"].get(model.Meta.table_name, ()):
            row = model()
            row.deserialize(item)
            found[(model.Meta.table_name, *_key_of(model, item))] = row
    return [found.get((model.Meta.table_name, hash_key, range_key)) for model, hash_key, range_key in keys]


def _names(model: type[Model]) -> tuple[str, str | None]:
    hash_name = next(a.attr_name for a in model.get_attributes().values() if a.is_hash_key)
    range_name = next((a.attr_name for a in model.get_attributes().values() if a.is_range_key), None)
    return hash_name, range_name


def _wire(model: type[Model], hash_key: str, range_key: str | None) -> dict[str, Any]:
    hash_name, range_name = _names(model)
    wire: dict[str, Any] = {hash_name: {"S": hash_key}}
    if range_name and range_key is not None:
        range_type = model.get_attributes()[range_name].attr_type
        wire[range_name] = {range_type: range_key}
    return wire


def _key_of(model: type[Model], item: dict[str, Any]) -> tuple[str, str | None]:
    hash_name, range_name = _names(model)
    return next(iter(item[hash_name].values())), next(iter(item[range_name].values())) if range_name else None
